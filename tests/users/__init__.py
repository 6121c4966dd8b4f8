"""Tests of users, logins and passwords."""
