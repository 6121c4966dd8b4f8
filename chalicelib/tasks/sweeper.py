"""The sweeper: sends hints for open tasks that nobody works on, or ends them as failed."""

import logging

from chalicelib import errors, log
from chalicelib.clock import Clock, Comparison
from chalicelib.settings import Settings
from chalicelib.tasks import lease, model, run
from chalicelib.tasks.model import State, Task
from chalicelib.tasks.ports import Dispatcher, Refused, Store

#: The longest time in seconds between two hints for a task that nobody claims.
_MAX_GAP = 3600
#: Enough doublings to reach the longest gap, too few to overflow a float.
_MOST_DOUBLINGS = 64
#: Seconds before the end of an invocation at which a sweep stops; the next one goes on.
_MARGIN_SECONDS = 10
#: The fields that must be as they were read when the sweeper writes: else somebody was faster.
_AS_READ = ("due_at", "hints", "lease_until")


class Sweeper:
    """Sends new hints. Two sweepers do no harm: a conditional write comes before every hint."""

    def __init__(
        self,
        *,
        store: Store,
        dispatcher: Dispatcher,
        clock: Clock,
        comparison: Comparison,
        settings: Settings,
    ) -> None:
        self._store, self._dispatcher, self._comparison = store, dispatcher, comparison
        self._clock, self._settings = clock, settings

    def sweep(self, seconds: float = float("inf")) -> None:
        """Look after every task that is due, the longest due first, for at most `seconds`.

        It stops some seconds earlier, so that Lambda does not end it. An error with one task is
        logged and does no harm to the others. Raises Outage if the tasks cannot be listed.
        """
        until = self._clock.monotonic() + seconds - _MARGIN_SECONDS
        now = self._clock.now()
        for task_id in self._store.due(now, now + self._most_ahead()):
            if why := self._why_stop(until):
                log.event("sweep stopped", level=logging.WARNING, why=why)
                break
            try:
                self._look_after(task_id)
            except errors.Outage as outage:
                log.event("task not swept", task_id=task_id, why=str(outage))
            except Exception:
                log.failure("task not swept", task_id=task_id)
        self._log_dead_letters()

    def _why_stop(self, until: float) -> str | None:
        """Say why this sweep may not go on, None if it may."""
        if self._clock.monotonic() > until:
            return "its time is up"
        # Whose clock is wrong would end what is not late. The list of tasks has brought a Date.
        return self._comparison.problem(lease.most_off(self._settings))

    def _log_dead_letters(self) -> None:
        try:
            depth = self._dispatcher.dead_letters()
        except errors.Outage as outage:
            log.event("dead letters not counted", why=str(outage))
        else:
            if depth:
                log.event("dead letters", level=logging.WARNING, depth=depth)

    def _look_after(self, task_id: str) -> None:
        # The index may be behind: only the table itself has the task as it is.
        task = self._store.get(task_id)
        now = self._clock.now()
        if task is None or task.due_at is None or now < task.due_at <= now + self._most_ahead():
            return
        lost = lease.lapsed(task, now, self._settings)
        try:
            if now > task.done_by:
                self._store.move(task, self._too_late(task, now), seen=_AS_READ)
                log.event("task given up", task_id=task_id, run=task.run, why=model.LATE)
            elif lost and task.failures + 1 >= self._settings.max_attempts:
                self._store.move(task, run.give_up(task, now, self._settings), seen=_AS_READ)
                log.event("task given up", task_id=task_id, run=task.run)
            else:
                self._store.move(task, self._hinted(task, now), seen=_AS_READ)
                self._dispatcher.send(task_id)
                log.event("hint sent again", task_id=task_id, hint=task.hints + 1, lost=lost)
        except Refused:
            # Somebody else has just claimed, ended or swept it.
            return

    def _most_ahead(self) -> float:
        """Give the most seconds that a task can be due in, if the clocks are right."""
        settings = self._settings
        return _MAX_GAP + settings.sweep_seconds + lease.MOST * settings.lease_seconds

    def _too_late(self, task: Task, now: float) -> Task:
        keep = self._settings.keep_days
        return model.ended(task, State.FAILURE, at=now, keep_days=keep, error=model.LATE)

    def _hinted(self, task: Task, now: float) -> Task:
        """Give the task with its next hint: each gap is twice as long as the one before."""
        doublings = min(task.hints + 1, _MOST_DOUBLINGS)
        gap = min(self._settings.sweep_seconds * 2**doublings, _MAX_GAP)
        return task._replace(hints=task.hints + 1, due_at=now + gap)
