"""Tests of tasks: the use cases on fakes, and the protocol of claims and leases."""
