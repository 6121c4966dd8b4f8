"""Tests of what the API promises, over plain HTTP.

By default they start ``make service`` on a free port. With ``BASE_URL=`` they test that deployment
instead; then ``ADMIN=name:password`` must be an admin there.
"""
