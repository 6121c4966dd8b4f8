"""The use cases of tasks: create, look, cancel."""

import logging
from collections.abc import Callable, Iterator

from chalicelib import errors, log
from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks import idempotency as keys
from chalicelib.tasks import model as tasks
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import Cursor, Look, Report, State, Task
from chalicelib.tasks.ports import Clock, Conflict, Dispatcher, Refused, Store

#: An id that no task has.
_NO_TASK = "00000000-0000-4000-8000-000000000000"
#: Seconds between two looks at a task at least and at most, and from a report to its writing.
_SOON, _LATE, _WRITING = 0.25, 5, 0.1
#: Seconds between two looks at a task that has no report yet, at least and at most.
_FRESH, _QUEUED = 0.04, 0.45
#: Tasks that are read at once, and that one page looks at, at most.
_BATCH, _MOST_LOOKED_AT = 100, 1000


class TaskService:
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

    def create(
        self, version: str, window: Window, owner: str | None = None, key: str | None = None
    ) -> str:
        """Accept a window, and give the id of its task, which is kept from then on.

        `key` is a digest of `keys`: where one within a day had the same, its task is given, and
        none is made. Raises KeyReused where that was of another window, KeyInUse, Outage.
        """
        now = self._clock.now()
        task = Task(
            task_id=self._new_id(),
            version=version,
            window=window,
            owner=owner,
            created_at=now,
            due_at=now + self._settings.sweep_seconds,
        )
        # Kept first: a message is only a hint, and a lost one is sent again by the sweeper.
        held = self._keep(task, key)
        if held and held.window != window:
            raise errors.KeyReused
        # Again for one that is held: who asks again may have heard nothing the first time.
        task_id = held.task_id if held else task.task_id
        try:
            self._dispatcher.send(task_id)
        except errors.Outage as outage:
            why = str(outage)
            log.event("hint not sent", level=logging.WARNING, task_id=task_id, why=why)
        if not held:
            log.event("task created", task_id=task_id, count=window.count, wait=window.wait)
        return task_id

    def _keep(self, task: Task, key: str | None) -> IdempotencyKey | None:
        if key is None:
            return self._store.create(task)
        until = task.created_at + keys.HELD
        mine = IdempotencyKey(key=key, task_id=task.task_id, window=task.window, held_until=until)
        try:
            return self._store.create(task, mine)
        except Conflict as conflict:
            raise errors.KeyInUse from conflict

    def reach(self) -> None:
        """Ask everything that is needed for a task. Raises Outage, which names what is out."""
        asked = {
            "DynamoDB": lambda: self._store.get(_NO_TASK),
            "SQS": self._dispatcher.reach,
        }
        for name, ask in asked.items():
            try:
                ask()
            except Exception as exc:
                # A table that is not there, or may not be read, does not answer either.
                log.failure("not well", service=name)
                raise errors.Outage(f"{name} does not answer.") from exc

    def find(self, version: str, task_id: str) -> Task:
        """The task as it stands. Raises NoSuchTask, Outage."""
        task = self._store.get(task_id) if tasks.is_id(task_id) else None
        return self._readable(version, task_id, task)

    def page(
        self, wanted: Callable[[Task], bool], *, limit: int, after: Cursor | None
    ) -> tuple[list[Task], Cursor | None]:
        """The newest `limit` of v3's tasks that are `wanted`, of those that were made before
        `after`; and where to go on, None where there are no more. Raises Outage.

        Where few are wanted there may be fewer in the page, and more to come.
        """
        found: list[Task] = []
        now, place = self._clock.now(), after
        batch = min(limit + 1, _BATCH)
        for looked_at, task in enumerate(self._store.newest(after, batch)):
            if looked_at == _MOST_LOOKED_AT:
                return found, place
            if wanted(task) and not task.expired(now):
                if len(found) == limit:
                    return found, place
                found.append(task)
            place = Cursor(task.created_at, task.task_id)
        return found, None

    def watch(self, version: str, task_id: str, look: Look) -> Task:
        """The task as it stands when there is something new in it to `look` at: a report, where
        reports are asked for, or its end; at the latest after the seconds that it may take.

        Raises NoSuchTask, Invalid for a `since` that the window does not have, Outage.
        """
        hold = min(look.timeout, self._settings.hold_seconds)
        deadline = self._clock.monotonic() + hold
        while True:
            task = self.find(version, task_id)
            if look.since > task.window.count:
                raise errors.Invalid(
                    f"since must be at most {task.window.count}, the window's count, "
                    f"not {look.since}."
                )
            left = deadline - self._clock.monotonic()
            if task.state.ended or left <= 0 or (look.detail and task.done > look.since):
                return task
            self._clock.sleep(min(left, self._until_news(task, look)))

    def _until_news(self, task: Task, look: Look) -> float:
        """Seconds until it is worth to look again: reports come by the window's own clock."""
        now = self._clock.now()
        if task.reported_at is None:
            # The first is there as soon as somebody has the task: most often at once.
            return min(max(now - task.created_at, _FRESH), _QUEUED)
        last = task.window.count - 1
        wanted = min(look.since, last) if look.detail else last
        # The worker's clock may be ahead of this one; a report is never later than its interval.
        came_at = min(task.reported_at, now)
        left = came_at + (wanted + 1 - task.done) * task.window.wait + _WRITING - now
        # What is late may be so for long; what is not due for long may be cancelled.
        return min(max(left, -left / 4, _SOON), _LATE)

    def reports(self, task: Task, since: int = 0) -> Iterator[Report]:
        """The reports of a task that are in, from index `since` on. Raises Outage."""
        return self._store.reports(task, since)

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
