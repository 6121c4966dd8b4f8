"""The straight door to moto: what hoststat asks all the time, without what moto's own door costs.

moto's own door looks for the service, the region and the action of each request by regular
expressions, walks through AWS's models of requests and answers, and parses each expression several
times. Here only moto's data is used. What is not known to the last letter is moto's to answer, and
so is whatever is refused.
"""

from typing import Any

import msgspec
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from local.cloud import dynamodb, orders, sqs
from local.cloud.answers import Answer
from local.cloud.request import place

_read = msgspec.json.Decoder().decode
_SQS = "AmazonSQS"


def answer(target: str, authorization: str, url: str, body: bytes) -> Answer | None:
    """Answer a request; None means that moto's own door must be asked, before anything else.

    `target` is the header X-Amz-Target, `authorization` the one of that name, or "". ReceiveMessage
    gives what is there and never waits.
    """
    service, _, action = target.partition(".")
    asked: Any = None
    try:
        account, region = place(authorization)
    except Exception:
        orders.forget_all()
        return None
    try:
        asked = _read(body)
        if service == _SQS:
            return sqs.answer(action, sqs_backends[account][region], url, asked)
        return dynamodb.answer(action, dynamodb_backends[account][region], asked)
    except Exception:
        # Nothing was changed. Whatever is wrong, or only unknown here, moto says so.
        if service != _SQS:
            dynamodb.leave(action, dynamodb_backends[account][region], asked)
    return None
