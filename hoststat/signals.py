"""Ctrl-C and its like: the first one asks to stop what runs over there, a second one leaves."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

_HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A first signal came while we waited. No `except Exception` may take it."""


class Left(BaseException):
    """A second signal: whoever works must leave at once."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Signals:
    """The signals that came while a context of this lasted.

    The first one interrupts a wait but no work that is being done, so that no report is shown
    twice or lost. `told` is called with its number, at once.
    """

    def __init__(self, told: Callable[[int], None]) -> None:
        self._told = told
        # Whether we wait now, and whether the first signal has ended a wait.
        self._waits = self._heeded = False
        #: The first signal, 0 before it, and when it came.
        self.first, self.at = 0, 0.0

    def __enter__(self) -> "Signals":
        # What is ignored stays so: nohup and a shell's `&` mean it.
        self._before = {
            number: signal.signal(number, self._hear)
            for number in _HEARD
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        return self

    def __exit__(self, *_: object) -> None:
        for number, how in self._before.items():
            signal.signal(number, how)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Let the first signal end what is done in this context, by a Stopped."""
        self._waits = True
        try:
            # It came while something was done.
            self._heed()
            yield
        finally:
            self._waits = False

    def sleep(self, seconds: float) -> None:
        """Sleep, unless the first signal ends it."""
        with self.waiting():
            time.sleep(seconds)

    def _hear(self, number: int, _: FrameType | None) -> None:
        if self.first and number == signal.SIGHUP:
            # When a terminal is closed, both the kernel and the shell may say so.
            return
        if self.first:
            raise Left(number)
        self.first, self.at = number, time.monotonic()
        self._told(number)
        self._heed()

    def _heed(self) -> None:
        if self.first and self._waits and not self._heeded:
            self._heeded = True
            raise Stopped


def leave(number: int) -> NoReturn:
    """End this process now, without any tidying, with the exit code of a signal."""
    os._exit(128 + number)
