"""The local cloud: moto's DynamoDB, SQS and CloudFormation for the programs of one laptop.

`python -m local.cloud` serves it. Whoever starts it makes the data stack with `make_resources`.
"""

from local.cloud.resources import make_resources

__all__ = ["make_resources"]
