"""Tests that need a deployed stage: its functions are invoked, hand windows over, and are killed.

``make test-deployed`` runs them. It deploys the stage with short leases and short runs.
"""
