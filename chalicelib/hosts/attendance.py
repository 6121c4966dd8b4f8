"""Whether anybody works: how many workers were seen within the last minutes."""

import math
import random
from collections.abc import Callable, Iterator

from chalicelib import errors, log
from chalicelib.clock import Clock
from chalicelib.comparison import Comparison
from chalicelib.hosts.model import ATTENDED_SECONDS, HostState
from chalicelib.hosts.ports import HostStore

#: Seconds between two notes of a worker, and the part of them by which they vary.
_NOTE_SECONDS, _JITTER = 60, 0.1
#: Seconds for which a note is kept.
_KEPT_SECONDS = 3600
#: The most workers without a name, and as many hosts, that are looked at to count them.
MOST = 50
_MINUTE = 60


class Attendance:
    """Whether anybody works. Every method may raise Outage."""

    def __init__(self, *, store: HostStore, clock: Clock, on_lambda: bool) -> None:
        """`on_lambda` tells whether functions of Lambda take the messages: they leave no note."""
        self._store, self._clock, self._on_lambda = store, clock, on_lambda

    def count(self) -> int:
        """Count the workers that were seen within the last minutes; Lambda's count as one.

        One that takes no work, such as for its clock, does not count. At most 50 hosts are looked
        at, and as many other workers. Raises NoWorker.
        """
        now, newest, count = self._clock.now(), -math.inf, int(self._on_lambda)
        for seen_at in self._seen(now):
            newest = max(newest, seen_at)
            count += now < seen_at + ATTENDED_SECONDS
        if not count:
            raise errors.NoWorker(_silence(now - newest))
        return count

    def waiting(self) -> str | None:
        """Say why tasks that are for no host wait; None if a worker takes them."""
        if self._on_lambda:
            return None
        now = self._clock.now()
        newest = max((it.seen_at or 0 for it in self._store.attending(MOST)), default=-math.inf)
        if now < newest + ATTENDED_SECONDS:
            return None
        return str(errors.NoWorker(_silence(now - newest)))

    def _seen(self, now: float) -> Iterator[float]:
        """Give when each worker was last seen; those who have left are gone."""
        for worker in self._store.attending(MOST):
            yield worker.seen_at or 0
        for host in self._store.get_many(self._store.names("", MOST)):
            # One that shares leaves a note as well.
            works = not host.shares and host.problem is None
            if host.seen_at and works and host.state(now) is not HostState.LEFT:
                yield host.seen_at


class Attending:
    """What a worker notes of itself, as a by-product of polls that worked."""

    def __init__(
        self,
        worker: str,
        *,
        store: HostStore,
        clock: Clock,
        comparison: Comparison,
        problem: Callable[[], str | None],
    ) -> None:
        """`worker` is an id of this process; `problem` says why it takes no work."""
        self._worker, self._store, self._problem = worker, store, problem
        self._clock, self._comparison = clock, comparison
        self._due_at = -math.inf

    def answered(self) -> None:
        """Note that this worker is there, at most once a minute: the queue has just answered.

        While it takes no work it is as if it were not there: others must know that tasks wait.
        """
        if self._clock.monotonic() < self._due_at or self._problem():
            return
        wait = _NOTE_SECONDS * random.uniform(1 - _JITTER, 1 + _JITTER)
        self._due_at = self._clock.monotonic() + wait
        now = self._comparison.cloud_time()
        try:
            self._store.attend(self._worker, now, kept_until=now + _KEPT_SECONDS)
        except errors.Outage as outage:
            log.event("attendance not noted", why=outage.why)


def _silence(seconds: float) -> int:
    """Give for how many minutes nobody was seen, at least those after which that is said."""
    least = math.ceil(ATTENDED_SECONDS / _MINUTE)
    return least if math.isinf(seconds) else max(int(seconds // _MINUTE), least)
