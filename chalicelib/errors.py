"""What can go wrong, one class each; `problems` maps them to HTTP.

They pass through a Chalice view unchanged (that is what ChaliceUnhandledError is for), so that
the door answers them all in one place.
"""

import errno
import json

from chalice import ChaliceUnhandledError

_SHORTAGES = {errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


class HoststatError(ChaliceUnhandledError):
    """Something went wrong; the docstring is the message where none is given."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class Invalid(HoststatError):
    """The request is not one that this path understands."""


class Unauthorized(HoststatError):
    """A name and a password are needed here, and these are none that are known."""


class TooManyLogins(HoststatError):
    """Too many wrong logins."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many wrong logins from there; try again in {seconds} s.")
        self.seconds = seconds


class AdminsOnly(HoststatError):
    """Only admins may change users."""


class CrossSite(HoststatError):
    """A page of another site may not change anything here."""


class BodyTooLarge(HoststatError):
    """A body may be at most 64 KB long."""


class UnknownMediaType(HoststatError):
    """A body must be application/json or application/x-www-form-urlencoded."""


class MethodNotAllowed(HoststatError):
    """The path does not know this method."""

    def __init__(self, method: str, allowed: list[str]) -> None:
        super().__init__(f"{method} is not allowed here, only {', '.join(allowed)}.")
        self.allowed = allowed


class NoSuchPath(HoststatError):
    """There is nothing at this path."""


class NoSuchTask(HoststatError):
    """There is no such task: it was never made, or it has expired."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"There is no task {shorten(task_id)}: never made, or expired.")


class NoSuchUser(HoststatError):
    """There is no such user."""

    def __init__(self, username: str) -> None:
        super().__init__(f"There is no user {shorten(username)}.")


class UsernameTaken(HoststatError):
    """Another user has that name."""

    def __init__(self, username: str) -> None:
        super().__init__(f"There is a user {shorten(username)} already.")


class LastAdmin(HoststatError):
    """The last admin can be neither deleted nor demoted: nobody could change users any more."""


class TaskEnded(HoststatError):
    """The task has ended and cannot be cancelled."""


class KeyReused(HoststatError):
    """The Idempotency-Key was used for another window within a day; take a new one."""


class KeyInUse(HoststatError):
    """A create with the same Idempotency-Key is being made just now; try again."""


class Outage(HoststatError):
    """A service that this one needs does not answer; try again."""


class MachineFailed(HoststatError):
    """The host could not be measured, and would fail again."""


class Killed(HoststatError):
    """iostat was ended from outside before it was done."""


class LeaseLost(HoststatError):
    """This run no longer holds the window; whoever holds it now goes on."""


class BadMessage(HoststatError):
    """A message of the queue cannot be read."""


def from_os_error(what: str, exc: OSError) -> HoststatError:
    """What an error of the system means for a window: a shortage may be over for another try."""
    kind = Killed if exc.errno in _SHORTAGES else MachineFailed
    return kind(f"{what}: {exc}")


def shorten(given: object, limit: int = 60) -> str:
    """`given` as a message quotes it, and at most `limit` characters of it."""
    if isinstance(given, str):
        return repr(given if len(given) <= limit else given[:limit] + "…")
    if given is None or isinstance(given, int | float):
        return json.dumps(given)[:limit]
    return "a list or an object"
