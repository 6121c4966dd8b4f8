"""How many open tasks those who are not logged in may have: of one source, and in all."""

from chalicelib import errors
from chalicelib.clock import Clock
from chalicelib.settings import Settings
from chalicelib.tasks.ports import Store

#: Seconds after which to try again: sweeps count all tasks once a minute, and those of a source
#: are counted at each create.
_ALL_AGAIN, _SOURCE_AGAIN = 60, 10
#: Seconds for which this process remembers what the last sweep has counted.
_REMEMBERED = 10


class Bounds:
    """Refuses a create of v2 where too many of its tasks are open already.

    Nothing is counted up and down, so that no crash can leave a wrong count: an index knows which
    tasks are open. It may be a moment behind, and then a few more may pass.
    """

    def __init__(self, *, store: Store, clock: Clock, settings: Settings) -> None:
        self._store, self._clock, self._settings = store, clock, settings
        self._in_all, self._asked_at = 0, float("-inf")

    def check(self, source: str) -> None:
        """Raise TooManyTasks if no task may be added for this source now; Outage."""
        settings, now = self._settings, self._clock.monotonic()
        if now - self._asked_at > _REMEMBERED:
            self._in_all, self._asked_at = self._store.swept().open_tasks, now
        if self._in_all >= settings.open_tasks:
            raise errors.TooManyTasks(
                f"Too many tasks are open here; try again in {_ALL_AGAIN} s.", _ALL_AGAIN
            )
        most = settings.open_tasks_per_source
        if self._store.count_opened_by(source, most) >= most:
            raise errors.TooManyTasks(
                f"This address has {most} open tasks, the most that it may have; cancel one, or "
                f"try again in {_SOURCE_AGAIN} s.",
                _SOURCE_AGAIN,
            )
