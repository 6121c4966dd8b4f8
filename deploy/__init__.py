"""Deploying: the package, and the stacks of CloudFormation."""
