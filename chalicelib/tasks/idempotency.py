"""Idempotency keys: a create that a client sends again makes no second task."""

import hashlib
import re
from typing import NamedTuple

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks import task_ids

#: Seconds that a key is valid.
VALID_SECONDS = 86_400

_GIVEN = re.compile("[!-~]{1,255}", re.ASCII)


class IdempotencyKey(NamedTuple):
    """The name that a client gave to a create, and the task that the create made."""

    #: A digest of the client's own key and its scope.
    key: str
    task_id: str
    window: Window
    #: The end of its validity, in seconds since the epoch.
    valid_until: float
    #: Seconds within which a task for a host must begin.
    start_within: int | None = None
    #: What a group was asked for.
    asked: str | None = None

    def fits(self, window: Window, host: str | None, start_within: int | None) -> bool:
        """Tell whether the create was for this window of this host."""
        same_host = task_ids.host_of(self.task_id) == host
        return same_host and (self.window, self.start_within) == (window, start_within)


def digest(given: str, *scope: str) -> str:
    """Give what a client's key is stored as. The same key in another `scope` is another key.

    The scope is the version of the API and the user or source address. Raises Invalid for a key
    that is not allowed.
    """
    if not _GIVEN.fullmatch(given):
        raise errors.Invalid(
            "Idempotency-Key must be 1 to 255 visible ASCII characters, "
            f"not {errors.shorten(given)}."
        )
    # A newline separates the parts: no scope contains one.
    return hashlib.sha256("\n".join((*scope, given)).encode()).hexdigest()
