"""The use cases of tasks: create, look, cancel."""

import logging
from collections.abc import Callable

from chalicelib import errors, log, tasks
from chalicelib.ports import Clock, Dispatcher, Refused, Store
from chalicelib.settings import Settings
from chalicelib.tasks import State, Task
from chalicelib.windows import Window


class Service:
    """What callers do with tasks. `version` is the one of the API that they came by."""

    def __init__(
        self,
        *,
        store: Store,
        dispatcher: Dispatcher,
        clock: Clock,
        settings: Settings,
        new_id: Callable[[], str] = tasks.new_id,
    ) -> None:
        self._store, self._dispatcher, self._new_id = store, dispatcher, new_id
        self._clock, self._settings = clock, settings

    def create(self, version: str, window: Window) -> Task:
        """Accept a window; from the return on the task is kept. Raises Outage."""
        now = self._clock.now()
        task = Task(
            task_id=self._new_id(),
            version=version,
            window=window,
            created_at=now,
            due_at=now + self._settings.sweep_seconds,
        )
        # Kept first: a message is only a hint, and a lost one is sent again by the sweeper.
        self._store.create(task)
        try:
            self._dispatcher.send(task.task_id)
        except errors.Outage as outage:
            why = str(outage)
            log.event("hint not sent", level=logging.WARNING, task_id=task.task_id, why=why)
        log.event("task created", task_id=task.task_id, count=window.count, wait=window.wait)
        return task

    def find(self, version: str, task_id: str) -> Task:
        """The task as it stands. Raises NoSuchTask, Outage."""
        task = self._store.get(task_id) if tasks.is_id(task_id) else None
        return self._readable(version, task_id, task)

    def result(self, task: Task) -> object:
        """What a task has come to: None before its end, why it failed, or its reports as one
        iostat run. Raises Outage.
        """
        if not task.state.ended:
            return None
        if task.state is State.FAILURE:
            return task.error
        return {"iostat": "".join(report.text for report in self._store.reports(task))}

    def cancel(self, version: str, task_id: str) -> None:
        """Revoke a task, for good; one that is revoked already stays so.

        Raises NoSuchTask, TaskEnded, Outage.
        """
        if not tasks.is_id(task_id):
            raise errors.NoSuchTask(task_id)
        now = self._clock.now()
        expires_at = now + self._settings.keep_days * tasks.DAY
        try:
            self._store.cancel(task_id, version, now, expires_at)
        except Refused as refused:
            task = self._readable(version, task_id, refused.old)
            if task.state is not State.REVOKED:
                raise errors.TaskEnded(
                    f"The task has ended as {task.state} and cannot be cancelled."
                ) from refused
        else:
            log.event("task cancelled", task_id=task_id)

    def _readable(self, version: str, task_id: str, task: Task | None) -> Task:
        """The task, if there is one that this version may see."""
        if task is None or task.version != version or task.expired(self._clock.now()):
            raise errors.NoSuchTask(task_id)
        return task
