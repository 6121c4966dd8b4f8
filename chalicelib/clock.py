"""Time: what the code asks of a clock, and the clock of the system."""

import time
from typing import Protocol


class Clock(Protocol):
    """A clock that a test can replace."""

    def now(self) -> float:
        """Give the time in seconds since the epoch."""

    def monotonic(self) -> float:
        """Give seconds from some start. They only grow, even when somebody sets the clock."""

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""


class SystemClock:
    """The clock of the operating system."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)
