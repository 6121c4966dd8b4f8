"""What the contract promises, asked over plain HTTP.

By default of ``make service`` on a free port; of any other deployment with ``BASE_URL=``, and
with ``ADMIN=name:password`` of an admin there.
"""
