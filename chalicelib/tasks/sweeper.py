"""The sweeper: sends hints again for open tasks that nobody works on, or gives them up."""

import dataclasses
import logging

from chalicelib import errors, log
from chalicelib.settings import Settings
from chalicelib.tasks import run
from chalicelib.tasks.model import Task
from chalicelib.tasks.ports import Clock, Dispatcher, Refused, Store

#: Seconds between two hints for a task that nobody claims, at most.
_MAX_GAP = 3600
#: Doublings that are past that gap however short the first was, and not yet past a float.
_MOST_DOUBLINGS = 64
#: Seconds before the end of an invocation that a sweep stops; the rest is the next one's.
_MARGIN_SECONDS = 10
#: What must still be so when the sweeper writes: that nobody else looked after the task.
_AS_READ = ("due_at", "hints", "lease_until")


class Sweeper:
    """Makes new hints. Two at once do no harm: every hint is a conditional write first."""

    def __init__(
        self, *, store: Store, dispatcher: Dispatcher, clock: Clock, settings: Settings
    ) -> None:
        self._store, self._dispatcher = store, dispatcher
        self._clock, self._settings = clock, settings

    def sweep(self, seconds: float = float("inf")) -> None:
        """Look after every task that is due, the longest due first, for at most `seconds`.

        Whatever is wrong with one task is logged, and the others are looked after all the same.
        Raises Outage where the tasks cannot even be listed.
        """
        until = self._clock.monotonic() + seconds - _MARGIN_SECONDS
        for task_id in self._store.due(self._clock.now()):
            if self._clock.monotonic() > until:
                log.event("sweep stopped", level=logging.WARNING, why="its time is up")
                break
            try:
                self._look_after(task_id)
            except errors.Outage as outage:
                log.event("task not swept", task_id=task_id, why=str(outage))
            except Exception:
                log.failure("task not swept", task_id=task_id)
        self._tell_dead_letters()

    def _tell_dead_letters(self) -> None:
        try:
            depth = self._dispatcher.dead_letters()
        except errors.Outage as outage:
            log.event("dead letters not counted", why=str(outage))
        else:
            if depth:
                log.event("dead letters", level=logging.WARNING, depth=depth)

    def _look_after(self, task_id: str) -> None:
        # The index lags behind: only the table itself knows how the task stands.
        task = self._store.get(task_id)
        now = self._clock.now()
        if task is None or task.due_at is None or task.due_at > now:
            return
        lost = run.lapsed(task, now, self._settings)
        try:
            if lost and task.failures + 1 >= self._settings.max_attempts:
                self._store.move(task, run.give_up(task, now, self._settings), seen=_AS_READ)
                log.event("task given up", task_id=task_id, run=task.run)
            else:
                self._store.move(task, self._hinted(task, now), seen=_AS_READ)
                self._dispatcher.send(task_id)
                log.event("hint sent again", task_id=task_id, hint=task.hints + 1, lost=lost)
        except Refused:
            # Somebody claimed, ended or swept it just now.
            return

    def _hinted(self, task: Task, now: float) -> Task:
        """The task with its next hint: each twice as far from the one before as that was."""
        doublings = min(task.hints + 1, _MOST_DOUBLINGS)
        gap = min(self._settings.sweep_seconds * 2**doublings, _MAX_GAP)
        return dataclasses.replace(task, hints=task.hints + 1, due_at=now + gap)
