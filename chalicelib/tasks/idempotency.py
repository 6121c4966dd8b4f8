"""Idempotency keys: a create that is sent again makes no second task."""

import dataclasses
import hashlib
import re

from chalicelib import errors
from chalicelib.measure.model import Window

#: Seconds that a key is held.
HELD = 86_400

_KEY = re.compile("[!-~]{1,255}", re.ASCII)


@dataclasses.dataclass(frozen=True, kw_only=True)
class IdempotencyKey:
    """What a client has named a create by, and the task that came of it."""

    #: A digest of the scope and of what the client has said.
    key: str
    task_id: str
    window: Window
    #: Until when it is held, in seconds since the epoch.
    held_until: float


def digest(given: str, *scope: str) -> str:
    """What a client's key is stored as; another `scope` has keys of its own.

    Raises Invalid for a key that is none.
    """
    if not _KEY.fullmatch(given):
        raise errors.Invalid(
            "Idempotency-Key must be 1 to 255 visible ASCII characters, "
            f"not {errors.shorten(given)}."
        )
    # No scope has a line's end in it.
    return hashlib.sha256("\n".join((*scope, given)).encode()).hexdigest()
