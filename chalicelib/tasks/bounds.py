"""How many open tasks those who are not logged in may have: of one source, and in all."""

from chalicelib import errors
from chalicelib.clock import Clock
from chalicelib.settings import Settings
from chalicelib.tasks import model
from chalicelib.tasks.ports import Store

#: Seconds after which to try again: sweeps count all tasks once a minute, and those of a source
#: are counted at each create.
_ALL_AGAIN, _SOURCE_AGAIN = 60, 10
#: Seconds after which the count of the last sweep is too old: on AWS there is one each minute.
_STALE = 180
#: Seconds for which this process remembers how many tasks are open in all.
_REMEMBERED = 10
#: The part of the room that is left to a source which it may use before it is counted again: far
#: below a wide bound not every create needs to be counted.
_UNCOUNTED_PART = 100
#: Sources that are remembered at once.
_MOST_SOURCES = 1000


class Bounds:
    """Refuses a create of v2 where too many of its tasks are open already.

    Nothing is counted up and down, so that no crash can leave a wrong count: an index knows which
    tasks are open. It may be a moment behind, and then a few more may pass.
    """

    def __init__(self, *, store: Store, clock: Clock, settings: Settings) -> None:
        self._store, self._clock, self._settings = store, clock, settings
        self._in_all, self._asked_at = 0, float("-inf")
        #: By source, how many creates need no counting.
        self._uncounted: dict[str, int] = {}

    def check(self, source: str) -> None:
        """Raise TooManyTasks if no task may be added for this source now; Outage."""
        settings, now = self._settings, self._clock.monotonic()
        if now - self._asked_at > _REMEMBERED:
            self._in_all, self._asked_at = self._count_all(), now
        if self._in_all >= settings.open_tasks:
            raise errors.TooManyTasks(
                f"Too many tasks are open here; try again in {_ALL_AGAIN} s.", _ALL_AGAIN
            )
        most = settings.open_tasks_per_source
        if self._has_room(source):
            return
        counted = self._store.count_opened_by(source, most)
        if counted >= most:
            raise errors.TooManyTasks(
                f"This address has {most} open tasks, the most that it may have; cancel one, or "
                f"try again in {_SOURCE_AGAIN} s.",
                _SOURCE_AGAIN,
            )
        self._remember(source, (most - counted) // _UNCOUNTED_PART)

    def _count_all(self) -> int:
        """Give how many tasks of v2 are open, as the last sweep has counted them."""
        swept = self._store.swept()
        if self._clock.now() - swept.at > _STALE:
            # Nobody sweeps, so nobody has counted.
            return self._store.count_open(model.OPEN_VERSION, self._settings.open_tasks)
        return swept.open_tasks

    def _has_room(self, source: str) -> bool:
        """Tell whether a source was counted not long ago and had much room then."""
        left = self._uncounted.pop(source, 0)
        if left > 0:
            self._uncounted[source] = left - 1
        return left > 0

    def _remember(self, source: str, creates: int) -> None:
        if len(self._uncounted) >= _MOST_SOURCES:
            self._uncounted.clear()
        if creates:
            self._uncounted[source] = creates
