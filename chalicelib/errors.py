"""Everything that can go wrong, one class each. `api.problems` says which status each becomes."""

import errno
import json
from typing import Self


class HoststatError(Exception):
    """Something went wrong. Without a message, the docstring of the class is the message."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)
        #: The same sentence without what it quotes from the request.
        self.unquoted = str(self)


class Invalid(HoststatError):
    """The request is not one that this path understands."""

    @classmethod
    def quoting(cls, before: str, given: object, after: str = ".") -> Self:
        """Give the error that quotes `given` between `before` and `after`.

        Whatever a body may have is quoted so, because it may be a password, for the log as well.
        """
        error = cls(f"{before}{shorten(given)}{after}")
        error.unquoted = f"{before}...{after}"
        return error


class Unauthorized(HoststatError):
    """The username or the password is wrong."""


class NoLogin(Unauthorized):
    """Log in with a username and a password by HTTP Basic; none were sent."""


class UnreadableLogin(Unauthorized):
    """The Authorization header cannot be read as HTTP Basic."""


class TooManyLogins(HoststatError):
    """Too many wrong logins; no other login is tried for `seconds`."""

    def __init__(self, seconds: int, *, one_name: bool = False) -> None:
        """`one_name` tells whether one name has to pause there, and not the whole address."""
        who = "with this name from this address" if one_name else "from this address"
        sooner = " A new password that an admin gives it ends this sooner." if one_name else ""
        super().__init__(f"Too many wrong logins {who}; try again in {seconds} s.{sooner}")
        self.seconds = seconds


class TooManyTasks(HoststatError):
    """Too many tasks are open; `seconds` later there may be room."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class AdminsOnly(HoststatError):
    """Only admins may change users."""


class FromElsewhere(HoststatError):
    """A page from elsewhere may not change anything here."""


class BodyTooLarge(HoststatError):
    """A body may be at most 64 KB long."""


class UnknownMediaType(HoststatError):
    """A body must be application/json or application/x-www-form-urlencoded."""


class MethodNotAllowed(HoststatError):
    """The path does not have this method, only those in `allowed`."""

    def __init__(self, method: str, allowed: list[str]) -> None:
        super().__init__(f"{method} is not allowed here, only {', '.join(allowed)}.")
        self.allowed = allowed


class NoSuchPath(HoststatError):
    """There is nothing at this path."""


class NoSuchTask(HoststatError):
    """There is no such task."""

    def __init__(self, task_id: str) -> None:
        super().__init__(
            f"There is no task {shorten(task_id)}: it was never created, or it has expired."
        )


class NoListOfTasks(NoSuchPath):
    """v2 keeps no list of tasks; v3 does, behind a login."""


class NoSuchUser(HoststatError):
    """There is no such user."""

    def __init__(self, username: str) -> None:
        super().__init__(f"There is no user {shorten(username)}.")


class NoSuchHost(HoststatError):
    """There is no such host."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no host {shorten(name)}.")


class NoSuchHosts(HoststatError):
    """There are no such hosts."""

    def __init__(self, names: list[str], more: int) -> None:
        """`names` are the first of them, and there are so many `more`."""
        named = ", ".join(shorten(name) for name in names)
        others = f" and {more} more" if more > 0 else ""
        super().__init__(f"There is no host {named}{others}; nothing was made.")


class NoSuchGroup(HoststatError):
    """There is no such group."""

    def __init__(self, group_id: str) -> None:
        super().__init__(
            f"There is no group {shorten(group_id)}: it was never created, or it has expired."
        )


class GroupEnded(HoststatError):
    """The group has ended and cannot be cancelled."""


class NameNotFree(HoststatError):
    """A host of that name was removed a moment ago."""

    def __init__(self, name: str, seconds: int) -> None:
        super().__init__(
            f"The host {shorten(name)} was removed a moment ago; its name is free again in "
            f"{seconds} s."
        )


class UsernameTaken(HoststatError):
    """Another user has that name."""

    def __init__(self, username: str) -> None:
        super().__init__(f"There is already a user {shorten(username)}; choose another name.")


class LastAdmin(HoststatError):
    """The last admin cannot be deleted or demoted: nobody could change users any more."""


class TaskEnded(HoststatError):
    """The task has ended and cannot be cancelled."""


class KeyReused(HoststatError):
    """This Idempotency-Key was used for another window within the last day; choose a new one."""


class KeyInUse(HoststatError):
    """Another request with this Idempotency-Key is not finished yet; try again."""


class Outage(HoststatError):
    """A service that this one needs does not answer; try again."""

    def __init__(self, message: str | None = None, *, cause: object = None) -> None:
        """`cause` says to the log what did not answer, with its address. Callers need not know."""
        super().__init__(message)
        self.why = str(cause or self)


class NoQueue(Outage):
    """A queue does not exist."""


class HostSilent(HoststatError):
    """The host did not answer in time."""


class ClockOff(Outage):
    """The clock of this machine is wrong, so it takes no work."""


class NoWorker(Outage):
    """No worker has been seen for some minutes."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"No worker has been seen for {minutes} minutes; tasks wait.")


class MachineFailed(HoststatError):
    """This machine cannot be measured, and another try would fail as well."""


class NotMeasurable(MachineFailed):
    """The iostat of macOS has neither extended=1 nor cpu=1; leave them out, or measure a Linux."""


class Killed(HoststatError):
    """Something outside hoststat ended iostat before its window was over."""


class Silent(Killed):
    """iostat wrote no report for too long."""


class LeaseLost(HoststatError):
    """This run has lost its lease and must write nothing more; another run goes on."""


class BadMessage(HoststatError):
    """A message of the queue cannot be read."""


class IllegalMove(HoststatError):
    """A task cannot go from one of its states to the other."""


class Conflict(HoststatError):
    """Somebody else wrote the same item first. Read it again."""


def from_os_error(what: str, exc: OSError) -> HoststatError:
    """Give the error that an OSError means for a window; `what` begins its sentence.

    A shortage of memory, processes or descriptors may be over soon, so it is Killed, which is
    tried again. Everything else is MachineFailed, which is not.
    """
    short = exc.errno in (errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
    return (Killed if short else MachineFailed)(f"{what}: {exc}")


def shorten(given: object, limit: int = 60) -> str:
    """Quote a value for an error message, cut to `limit` characters."""
    if isinstance(given, str):
        return repr(given if len(given) <= limit else given[:limit] + "…")
    if given is None or isinstance(given, int | float):
        return json.dumps(given)[:limit]
    return "a list or an object"
