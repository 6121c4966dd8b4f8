"""Clients of a scripted cloud, botocore's own or a laptop's: what they ask and are answered."""

import json
from typing import Any

import pytest
from botocore.config import Config

from tests.support.scripted_cloud import Reply, says

KEY = {"task_id": {"S": "1"}}
GET = {"TableName": "tasks", "Key": KEY}
PUT = {"TableName": "tasks", "Item": KEY}
#: How often a client sends a request at most.
TRIES = 3
_SECONDS = 10
_CONFIG = Config(
    connect_timeout=_SECONDS,
    read_timeout=_SECONDS,
    user_agent="hoststat",
    retries={"mode": "standard", "total_max_attempts": TRIES},
)


def client(session: Any, service: str, address: str) -> Any:
    """Make a client of "dynamodb" or "sqs" that asks the cloud at `address`."""
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", address)
        return session.create_client(service, config=_CONFIG)


def answer(
    body: object, status: str = "200 OK", *, date: str = "Sun, 06 Nov 1994 08:49:37 GMT"
) -> Reply:
    """Give an answer as AWS gives it."""
    written = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"x-amzn-requestid: 7\r\nDate: {date}\r\n"
        f"Content-Length: {len(written)}\r\n\r\n"
    )
    return says(head.encode() + written)


#: Answers of a cloud that has too much to do, and of one that has no such table.
BUSY = answer({"__type": "InternalServerError", "message": "busy"}, "500 Internal")
NO_TABLE = answer(
    {"__type": "ResourceNotFoundException", "message": "There is no such table."},
    "400 Bad Request",
)
