"""The sweeper: sends hints for open tasks that nobody works on, or ends them as failed."""

import itertools
import logging
from collections.abc import Iterator

from chalicelib import errors, log
from chalicelib.clock import Clock
from chalicelib.settings import Settings
from chalicelib.tasks import model, run
from chalicelib.tasks.model import LOGIN_VERSION, OPEN_VERSION, Cursor, State, Swept, Task
from chalicelib.tasks.ports import Dispatcher, Refused, Store

#: The longest time in seconds between two hints for a task that nobody claims.
_MAX_GAP = 3600
#: Enough doublings to reach the longest gap, too few to overflow a float.
_MOST_DOUBLINGS = 64
#: Seconds before the end of an invocation at which a sweep stops; the next one goes on.
_MARGIN_SECONDS = 10
#: Open tasks of each version that one sweep looks at, besides all that are running.
SHARE = 1000
#: Tasks that are read at once.
_BATCH = 100
#: The fields that must be as they were read when the sweeper writes: else somebody was faster.
_AS_READ = ("due_at", "hints", "lease_until")
_HOUR = 3600


class Sweeper:
    """Sends new hints. Two sweepers do no harm: a conditional write comes before every hint."""

    def __init__(
        self, *, store: Store, dispatcher: Dispatcher, clock: Clock, settings: Settings
    ) -> None:
        self._store, self._dispatcher = store, dispatcher
        self._clock, self._settings = clock, settings

    def sweep(self, seconds: float = float("inf")) -> None:
        """Look after open tasks for at most `seconds`.

        Running tasks come first, all of them, for a worker may be lost; then a share of all open
        ones, which goes on where the last sweep has ended. Users' tasks come before those of
        anybody. A sweep stops some seconds earlier, so that Lambda does not end it. An error with
        one task is logged and does no harm to the others. Raises Outage if the tasks cannot be
        listed.
        """
        until = self._clock.monotonic() + seconds - _MARGIN_SECONDS
        places = dict(self._store.swept().places)
        listed = itertools.chain(
            self._store.running(),
            self._store.due(self._clock.now()),
            self._share(LOGIN_VERSION, places),
            self._share(OPEN_VERSION, places),
        )
        while task_ids := list(itertools.islice(listed, _BATCH)):
            if not self._look_after_all(task_ids, until):
                log.event("sweep stopped", level=logging.WARNING, why="its time is up")
                break
        self._leave(places)
        self._log_dead_letters()

    def _share(self, version: str, places: dict[str, Cursor]) -> Iterator[str]:
        """Give the next open tasks of a version, and note in `places` where they end."""
        found = self._store.unended(version, places.get(version))
        seen = 0
        for place in itertools.islice(found, SHARE):
            seen += 1
            places[version] = place
            yield place.task_id
        if seen < SHARE:
            # That was the last one. The next sweep begins with the oldest.
            places.pop(version, None)

    def _look_after_all(self, task_ids: list[str], until: float) -> bool:
        """Look after these tasks in their order; tell whether there was time for all."""
        ids = list(dict.fromkeys(task_ids))
        try:
            found = {task.task_id: task for task in self._store.get_many(ids)}
        except errors.Outage as outage:
            log.event("tasks not swept", tasks=len(task_ids), why=str(outage))
            return True
        for task in [found[it] for it in ids if it in found]:
            if task.due_at is None or task.due_at > self._clock.now():
                continue
            if self._clock.monotonic() > until:
                return False
            try:
                self._look_after(task)
            except errors.Outage as outage:
                log.event("task not swept", task_id=task.task_id, why=str(outage))
            except Exception:
                log.failure("task not swept", task_id=task.task_id)
        return self._clock.monotonic() <= until

    def _leave(self, places: dict[str, Cursor]) -> None:
        """Store what the next sweep, and creates, need to know of this one."""
        try:
            open_tasks = self._store.count_open(self._settings.open_tasks)
            self._store.keep_swept(Swept(self._clock.now(), open_tasks, places))
        except errors.Outage as outage:
            log.event("open tasks not counted", why=str(outage))

    def _log_dead_letters(self) -> None:
        try:
            depth = self._dispatcher.dead_letters()
        except errors.Outage as outage:
            log.event("dead letters not counted", why=str(outage))
        else:
            if depth:
                log.event("dead letters", level=logging.WARNING, depth=depth)

    def _look_after(self, task: Task) -> None:
        now = self._clock.now()
        lost = run.lapsed(task, now, self._settings)
        try:
            if lost and task.failures + 1 >= self._settings.max_attempts:
                self._store.move(task, run.give_up(task, now, self._settings), seen=_AS_READ)
                log.event("task given up", task_id=task.task_id, run=task.run)
            elif self._waits_for_too_long(task, now):
                self._store.move(task, self._not_begun(task, now), seen=_AS_READ)
                log.event("task never begun", level=logging.WARNING, task_id=task.task_id)
            else:
                self._store.move(task, self._hinted(task, now), seen=_AS_READ)
                self._dispatcher.send(task.task_id, task.version)
                log.event("hint sent again", task_id=task.task_id, hint=task.hints + 1, lost=lost)
        except Refused:
            # Somebody else has just claimed, ended or swept it.
            return

    def _waits_for_too_long(self, task: Task, now: float) -> bool:
        return task.state is State.QUEUED and now > task.created_at + self._settings.start_within

    def _not_begun(self, task: Task, now: float) -> Task:
        keep, hours = self._settings.keep_days, self._settings.start_within / _HOUR
        why = f"No worker began it within {hours:g} hours."
        return model.ended(task, State.FAILURE, at=now, keep_days=keep, error=why)

    def _hinted(self, task: Task, now: float) -> Task:
        """Give the task with its next hint: each gap is twice as long as the one before."""
        doublings = min(task.hints + 1, _MOST_DOUBLINGS)
        gap = min(self._settings.sweep_seconds * 2**doublings, _MAX_GAP)
        return task._replace(hints=task.hints + 1, due_at=now + gap)
