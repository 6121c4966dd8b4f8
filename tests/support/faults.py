"""Faults at the calls that the service makes: between two of them is where anything can happen."""

from collections.abc import Callable
from typing import Any

from chalicelib import errors

#: Every call of the store and the dispatcher on the way of a task.
CALLS = ("create", "send", "claim", "put_report", "move", "cancel", "due", "get", "get_many")


class Crash(BaseException):
    """The process that made the call is killed."""


class Faulty:
    """Stands before a store or a dispatcher, and does what was armed at the call that was named."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._armed: dict[tuple[str, str], list[Callable[[], None] | None]] = {}

    def arm(self, call: str, when: str, fault: Callable[[], None], *, hit: int = 1) -> None:
        """Do `fault` at the `hit`-th next call, "before" or "after" it takes effect."""
        self._armed[call, when] = [None] * (hit - 1) + [fault]

    def heal(self) -> None:
        """Forget what was armed and did not happen."""
        self._armed.clear()

    def __getattr__(self, call: str) -> Any:
        real = getattr(self._real, call)
        if call not in CALLS:
            return real

        def called(*args: Any, **kwargs: Any) -> Any:
            self._happen(call, "before")
            answer = real(*args, **kwargs)
            self._happen(call, "after")
            return answer

        return called

    def _happen(self, call: str, when: str) -> None:
        faults = self._armed.get((call, when))
        if faults and (fault := faults.pop(0)):
            fault()


def crash() -> None:
    """The process is killed here."""
    raise Crash


def lose() -> None:
    """The request, or its answer, is lost."""
    raise errors.Outage
