"""Calls of the app, which waits where it must: on threads, and never more than it can serve.

asyncio's own way to a thread and back, by concurrent.futures, takes two to four times as long.
"""

import asyncio
import contextlib
import functools
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import NamedTuple

from local.gateway.answers import Answer


class TooMany(Exception):
    """As many calls as may be are in flight; this one was not begun."""


class _Call(NamedTuple):
    """A call, and where its answer is waited for."""

    make: Callable[[], Answer]
    answer: asyncio.Future[Answer]


def _begin(serve: Callable[[], None], name: str) -> None:
    threading.Thread(target=serve, name=name, daemon=True).start()


class Calls:
    """Calls of one kind: `threads` of them run at once, and `waiting` more wait for a thread.

    One loop makes them. `begin` begins a thread, and raises RuntimeError if none can be had.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        waiting: int = 0,
        *,
        begin: Callable[[Callable[[], None], str], None] = _begin,
    ) -> None:
        self._name, self._threads, self._most, self._begin = name, threads, threads + waiting, begin
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._begun = self._in_flight = 0

    @property
    def full(self) -> bool:
        """Whether the next call is one too many."""
        return self._in_flight >= self._most

    def make(self, call: Callable[[], Answer]) -> asyncio.Future[Answer]:
        """Give the future of what `call` gives. Raises TooMany, also where no thread can be had."""
        if self.full:
            raise TooMany
        # A thread is started when it is first needed.
        if self._in_flight >= self._begun < self._threads:
            self._start()
        self._in_flight += 1
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._calls.put(_Call(call, answer))
        return answer

    def _start(self) -> None:
        try:
            self._begin(self._serve, f"{self._name}-{self._begun}")
        except RuntimeError as no_thread:
            raise TooMany from no_thread
        self._begun += 1

    def _serve(self) -> None:
        """Make one call after the other, on a thread of its own, until the loop has ended."""
        with contextlib.suppress(RuntimeError):
            while True:
                self._answer(self._calls.get())

    def _answer(self, call: _Call) -> None:
        """Make a call, unless nobody waits for it any more. Raises RuntimeError without a loop."""
        tell: Callable[[], object] = call.answer.cancel
        if not call.answer.cancelled():
            try:
                tell = functools.partial(call.answer.set_result, call.make())
            except BaseException as fault:
                tell = functools.partial(call.answer.set_exception, fault)
        call.answer.get_loop().call_soon_threadsafe(self._end, call.answer, tell)

    def _end(self, waited_for: "asyncio.Future[Answer]", tell: Callable[[], object]) -> None:
        self._in_flight -= 1
        if not waited_for.done():
            tell()
