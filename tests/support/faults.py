"""Faults for the tests: a call of the store or the dispatcher crashes or gets no answer."""

from collections.abc import Callable
from typing import Any

from chalicelib import errors

#: The calls of the stores and the dispatcher that can have a fault.
CALLS = (
    "create",
    "create_many",
    "mark_made",
    "unmade",
    "send",
    "claim",
    "put_report",
    "move",
    "cancel",
    "get",
    "get_many",
    "running",
    "unended",
    "swept",
    "keep_swept",
    "count_open",
    "count_opened_by",
)


class Crash(BaseException):
    """The sudden end of the process that made the call."""


class Faulty:
    """A store or a dispatcher whose calls can have faults: see `arm`."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._armed: dict[tuple[str, str], list[Callable[[], None] | None]] = {}

    def arm(self, call: str, when: str, fault: Callable[[], None], *, hit: int = 1) -> None:
        """Do `fault` at the `hit`-th call from now, "before" or "after" it takes effect."""
        self._armed[call, when] = [None] * (hit - 1) + [fault]

    def heal(self) -> None:
        """Forget the faults that did not happen yet."""
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
    """Raise Crash: the process is killed here."""
    raise Crash


def lose() -> None:
    """Raise Outage: the request, or its answer, is lost."""
    raise errors.Outage
