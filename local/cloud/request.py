"""A request to the local cloud, and how to answer it."""

import email.utils
import functools
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from moto.core.responses import BaseResponse
from moto.iam.models import get_account_id_from

from local.cloud.answers import Answer

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Bytes of a body. DynamoDB takes 16 MB at most, CloudFormation and SQS less.
_MAX_BYTES = 17 * 1024 * 1024
#: Whose key moto supposes where a request has none.
_NOBODY = "AKIAEXAMPLE"


class TooLong(Exception):
    """A body is longer than any service takes."""


class Request(NamedTuple):
    """One request. The names of its headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def target(self) -> str:
        """The service and the action, such as ``DynamoDB_20120810.GetItem``, or nothing."""
        return self.headers.get("x-amz-target", "")

    @property
    def authorization(self) -> str:
        """The signature with its credentials, or nothing."""
        return self.headers.get("authorization", "")

    @property
    def url(self) -> str:
        """The address that was asked."""
        return f"http://{self.headers['host']}{self.path}"

    @property
    def place(self) -> tuple[str, str]:
        """The account and the region that the request is for. Raises IndexError, as `place`."""
        return place(self.authorization)


def place(authorization: str) -> tuple[str, str]:
    """Give the account and the region that a signature names, as moto finds them.

    Raises IndexError for a signature that moto cannot read either.
    """
    found = BaseResponse.access_key_regex.search(authorization)
    account = get_account_id_from(found[1] if found else _NOBODY)
    if "AWS4" in authorization:
        return account, authorization.split(",")[0].split("/")[2]
    return account, BaseResponse.default_region


async def read_body(receive: Receive) -> bytes | None:
    """Read a whole body. Give None if the client left before its end. Raises TooLong."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        parts.append(event["body"])
        size, more = size + len(parts[-1]), event["more_body"]
        if size > _MAX_BYTES:
            raise TooLong
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def send_answer(send: Send, answer: Answer) -> None:
    """Send an answer whole. Nothing else runs before it is handed to the connection."""
    status, _, body = answer
    await send({"type": "http.response.start", "status": status, "headers": headers_of(answer)})
    await send({"type": "http.response.body", "body": body})


def headers_of(answer: Answer) -> list[tuple[bytes, bytes]]:
    """Give the headers of an answer that is sent now, as HTTP has them."""
    _, headers, body = answer
    sent = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
    ]
    return [*sent, (b"content-length", b"%d" % len(body)), (b"date", _date(int(time.time())))]


@functools.lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    """Write a Date. uvicorn's own is seconds old when the machine is busy."""
    return email.utils.formatdate(second, usegmt=True).encode()


def sentence(status: int, text: str) -> Answer:
    """Make an answer that says one thing in plain text."""
    return status, {"content-type": "text/plain; charset=utf-8"}, f"{text}\n".encode()
