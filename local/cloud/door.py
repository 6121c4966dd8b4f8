"""The straight door to moto: what hoststat asks all the time, without what moto's own door costs.

moto's own door looks for the service, the region and the action of each request by regular
expressions, walks through AWS's models of requests and answers, and parses each expression several
times. Here only moto's data is used. What is not known to the last letter is moto's to answer, and
so is whatever is refused.
"""

from typing import Any

import msgspec
from moto.core.responses import BaseResponse
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import get_account_id_from
from moto.sqs.models import sqs_backends

from local.cloud import dynamodb, orders, sqs
from local.cloud.answers import Answer, Unusual

_read = msgspec.json.Decoder().decode
_SQS = "AmazonSQS"
_NOBODY = "AKIAEXAMPLE"


def answer(target: str, authorization: str, url: str, body: bytes) -> Answer | None:
    """Answer a request; None means that moto's own door must be asked, before anything else.

    `target` is the header X-Amz-Target, `authorization` the one of that name, or "". ReceiveMessage
    gives what is there and never waits.
    """
    service, _, action = target.partition(".")
    asked: Any = None
    try:
        account, region = _place(authorization, url)
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


def _place(authorization: str, url: str) -> tuple[str, str]:
    """Give the account and the region that a request is for, as moto finds them."""
    if ".amazonaws.com" in url:
        raise Unusual
    found = BaseResponse.access_key_regex.search(authorization)
    account = get_account_id_from(found[1] if found else _NOBODY)
    if "AWS4" in authorization:
        return account, authorization.split(",")[0].split("/")[2]
    return account, BaseResponse.default_region
