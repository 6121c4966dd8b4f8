"""Calls of the app, which waits where it must: on threads, and never more than it can serve."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from local.gateway.answers import Answer


class TooMany(Exception):
    """As many calls as may be are in flight; this one was not begun."""


class Calls:
    """Calls of one kind: `threads` of them run at once, and `waiting` more wait for a thread."""

    def __init__(self, name: str, threads: int, waiting: int = 0) -> None:
        # A thread is started when it is first needed.
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most, self._in_flight = threads + waiting, 0

    @property
    def full(self) -> bool:
        """Whether the next call is one too many."""
        return self._in_flight >= self._most

    async def make(self, call: Callable[[], Answer]) -> Answer:
        """Give what `call` gives. Raises TooMany at once, and where no thread can be had."""
        if self.full:
            raise TooMany
        try:
            begun = self._pool.submit(call)
        except RuntimeError as no_thread:
            raise TooMany from no_thread
        self._in_flight += 1
        try:
            return await asyncio.wrap_future(begun)
        finally:
            self._in_flight -= 1
