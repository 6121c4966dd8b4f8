"""Both doors to moto, each to a region of its own, and what they answer to the same requests."""

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from local.cloud import door, moto_app
from local.cloud.answers import Answer
from local.cloud.request import Request

ADDRESS = "http://127.0.0.1:1/"
MOTO, STRAIGHT = "us-west-2", "us-east-1"
ACCOUNT = "123456789012"

Door = Callable[[str, str, str, bytes], Answer | None]


class Said(NamedTuple):
    """What a door said: a status, or the name of what was raised, and what is in the answer."""

    status: object
    body: Any = None
    media_type: str = ""
    error_type: str = ""


class Doors:
    """Asks both doors, and counts what the straight one answered by itself."""

    def __init__(self, service: str, straight: Door = door.answer) -> None:
        """`service` is that of the header X-Amz-Target."""
        self._service, self._straight = service, straight
        self.by_itself: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()

    def both(self, action: str, body: Any) -> tuple[Said, Said]:
        """Give what moto's own door and the straight one say."""
        return self.moto(action, body, MOTO), self.straight(action, body)

    def straight(self, action: str, body: Any) -> Said:
        target, raw = f"{self._service}.{action}", json.dumps(body).encode()
        answer = self._straight(target, _authorization(STRAIGHT), ADDRESS, raw)
        self.asked[action] += 1
        if answer is None:
            return self.moto(action, body, STRAIGHT)
        self.by_itself[action] += 1
        return _said(answer)

    def moto(self, action: str, body: Any, region: str) -> Said:
        headers = {
            "host": "127.0.0.1:1",
            "content-type": "application/x-amz-json-1.0",
            "authorization": _authorization(region),
            "x-amz-target": f"{self._service}.{action}",
        }
        try:
            answer = moto_app.answer(Request("/", headers, json.dumps(body).encode()))
        except Exception as raised:
            return Said(type(raised).__name__)
        return _said(answer)


def _authorization(region: str) -> str:
    scope = f"Credential=local/20261124/{region}/any/aws4_request"
    return f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"


def _said(answer: Answer) -> Said:
    status, headers, body = answer
    named = {name.lower(): it for name, it in headers.items()}
    of = named.get("content-type", ""), named.get("x-amzn-errortype", "")
    return Said(status, _read(body), *of)


def _read(text: bytes) -> Any:
    # moto says where in its memory an item is that it could not read.
    return json.loads(re.sub(rb"0x[0-9a-f]+", b"", text) or b"null")


def how_many(usual: int) -> int:
    """Give how many requests to make; LOCKSTEP sets more."""
    return int(os.environ.get("LOCKSTEP", usual))


def progress(done: int, of: int) -> None:
    """Show on a terminal how far it is."""
    if done % 1000 == 0 and sys.__stderr__ is not None and sys.__stderr__.isatty():
        sys.__stderr__.write(f"\r{done} of {of} requests" + ("\n" if done == of else ""))
        sys.__stderr__.flush()
