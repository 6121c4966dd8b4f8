"""Faults for the tests: a call of a store or dispatcher crashes, gets no answer, or is late."""

import contextlib
from collections.abc import Callable
from typing import Any

from chalicelib import errors
from chalicelib.tasks.ports import Refused

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
        #: What the caller meets whose next request of a call is late, by the name of the call.
        self._late: dict[str, Callable[[], None]] = {}
        #: The requests that have not arrived yet: the id of its task, and what it will do.
        self.on_their_way: list[tuple[str, Callable[[], object]]] = []

    def arm(self, call: str, when: str, fault: Callable[[], None], *, hit: int = 1) -> None:
        """Do `fault` at the `hit`-th call from now, "before" or "after" it takes effect."""
        self._armed[call, when] = [None] * (hit - 1) + [fault]

    def delay(self, call: str, fault: Callable[[], None]) -> None:
        """Keep the next request of `call` on its way: its caller meets `fault` instead."""
        self._late[call] = fault

    def land(self, pick: int) -> None:
        """Let a request that is late take effect, if its condition is still met."""
        _, request = self.on_their_way.pop(pick % len(self.on_their_way))
        with contextlib.suppress(Refused):
            request()

    def heal(self) -> None:
        """Forget the faults that did not happen yet."""
        self._armed.clear()
        self._late.clear()

    def __getattr__(self, call: str) -> Any:
        real = getattr(self._real, call)
        if call not in CALLS:
            return real

        def called(*args: Any, **kwargs: Any) -> Any:
            if late := self._late.pop(call, None):
                task_id = getattr(args[0], "task_id", args[0])
                self.on_their_way.append((task_id, lambda: real(*args, **kwargs)))
                late()
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
