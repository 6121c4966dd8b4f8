"""Tests of the command `hoststat`."""
