"""Fakes: a queue that remembers, a machine that measures nothing, a clock that a test sets."""

from collections.abc import Callable, Iterator
from typing import Self

from chalicelib import errors
from chalicelib.measure.model import Window


class FakeClock:
    """A clock that moves only when somebody sleeps or a test sets it."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._monotonic = 1000.0
        #: Called once for each second that somebody sleeps.
        self.every_second: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        while seconds > 0:
            self.freeze(min(seconds, 1))
            seconds -= 1
            self.every_second()

    def freeze(self, seconds: float) -> None:
        """Let time pass without calling `every_second`, as for a process that is stopped."""
        self.jump(seconds)
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Change the time since the epoch, and not the monotonic time, as NTP does."""
        self._now += seconds


class FakeDispatcher:
    """`tasks.ports.Dispatcher` that remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.out = False
        self.dead = 0

    def send(self, task_id: str, version: str) -> None:
        if self.out:
            raise errors.Outage
        self.sent.append(task_id)

    def reach(self) -> None:
        if self.out:
            raise errors.Outage

    def dead_letters(self) -> int:
        return self.dead


class FakeFeed:
    """`measure.model.Feed` whose reports name their index. The clock moves between two reports."""

    def __init__(self, machine: "FakeMachine", window: Window, first: int) -> None:
        self._machine, self.window, self._first = machine, window, first
        self.stopped = self.closed = False

    def __iter__(self) -> Iterator[str]:
        for index in range(self._first, self.window.count):
            if index:
                self._machine.clock.sleep(self.window.wait)
            self._machine.before(index)
            if self.stopped:
                return
            yield f"report {index}\n"

    def stop(self) -> None:
        self.stopped = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.closed = True


class FakeMachine:
    """`measure.model.Machine` that measures nothing; `before` is called before each report."""

    name = "web-1"
    source = "iostat"

    def __init__(
        self, clock: FakeClock, before: Callable[[int], None] = lambda index: None
    ) -> None:
        self.clock, self.before = clock, before
        self.feeds: list[FakeFeed] = []

    def uptime(self) -> str:
        return "20:16:57 up 14 days,  7:33,  2 users,  load average: 0.58, 0.25, 0.14"

    def uptime_numbers(self) -> dict[str, object]:
        numbers = {"seconds": 1_236_780.0, "users": 2, "load": [0.58, 0.25, 0.14]}
        return {"uptime": self.uptime(), **numbers, "host": self.name}

    def check(self, window: Window) -> None:
        """Accept every window."""

    def open(self, window: Window, *, first: int = 0, patience: float = 30) -> FakeFeed:
        self.feeds.append(FakeFeed(self, window, first))
        return self.feeds[-1]
