"""The use cases of callers: create a task, look at it, list tasks, cancel one."""

import math
from collections.abc import Callable

from chalicelib import errors, ids, log
from chalicelib.clock import Clock
from chalicelib.hosts.attendance import Attendance
from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.sources import source_of
from chalicelib.tasks import hint, idempotency, model, page, task_ids, waiting
from chalicelib.tasks.bounds import Bounds
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import Look, State, Task, TaskView, What
from chalicelib.tasks.ports import Dispatcher, Refused, Store

#: An id that no task has.
_NO_TASK = "00000000-0000-4000-8000-000000000000"
#: Seconds between two reads while an answer is held, at least and at most.
_SOON, _LATE = 0.25, 5
#: The same for a task without a report, because its first report usually comes soon.
_FRESH, _QUEUED = 0.04, 0.45
#: Seconds from when iostat writes a report until it is stored.
_WRITING = 0.1
#: Tasks that are read at once, and the most that are read for one page of the list.
_BATCH, _MOST_READ = 101, 1000


class TaskService:
    """What callers do with tasks. `version` is the version of the API that they use."""

    def __init__(
        self,
        *,
        store: Store,
        dispatcher: Dispatcher,
        clock: Clock,
        settings: Settings,
        attendance: Attendance | None = None,
        new_id: Callable[[], str] = ids.new_id,
    ) -> None:
        """Without `attendance` nobody is told why a task waits."""
        self._store, self._dispatcher, self._new_id = store, dispatcher, new_id
        self._clock, self._settings = clock, settings
        self._attendance = attendance
        self._bounds = Bounds(store=store, clock=clock, settings=settings)

    def create(
        self,
        version: str,
        window: Window,
        *,
        owner: str | None = None,
        source: str | None = None,
        key: str | None = None,
        what: What = What.IOSTAT,
        host: str | None = None,
        start_within: int | None = None,
    ) -> str:
        """Accept a window and give the id of its task, which is stored from then on.

        `owner` is the user who asks, None in v2; `source` the address that the request came from.
        `key` is the client's Idempotency-Key. If a create of the same owner, or in v2 of the same
        source, used that key within the last day, its task's id is given and no task is made.
        `host` is the name of the host that shall measure it, beginning at most `start_within`
        seconds from now; without it any worker may.
        Raises Invalid for a key that is not allowed, KeyReused if that create was for another
        window, KeyInUse, TooManyTasks in v2, Outage.
        """
        digest = None if key is None else idempotency.digest(key, version, owner or source or "")
        now = self._clock.now()
        task = Task(
            task_id=task_ids.of(host, self._new_id()),
            version=version,
            window=window,
            owner=owner,
            created_at=now,
            what=what,
            target=host,
            start_by=None if start_within is None else now + start_within,
            due_at=now + min(self._settings.sweep_seconds, start_within or math.inf),
            opened_by=source_of(source) if source and version == model.OPEN_VERSION else None,
        )
        # The task is stored first. A message is only a hint: the sweeper sends a lost one again.
        earlier = self._store_new(task, digest, start_within)
        if earlier and not earlier.fits(window, host, start_within):
            raise errors.KeyReused
        task_id = earlier.task_id if earlier else task.task_id
        # A repeated create sends a hint as well: the first one may have failed before its hint.
        hint.send(task_id, version, self._dispatcher)
        if not earlier:
            log.event(
                "task created",
                task_id=task_id,
                **window._asdict(),
                user=owner,
                source=source,
            )
        return task_id

    def _store_new(
        self, task: Task, digest: str | None, start_within: int | None
    ) -> IdempotencyKey | None:
        """Store a task, or give the key of an earlier create. Raises KeyInUse, TooManyTasks."""
        if task.opened_by is not None:
            try:
                self._bounds.check(task.opened_by)
            except errors.TooManyTasks:
                # A repeated create adds nothing: it gets the task of the earlier one.
                if digest and (earlier := self._store.key(digest, task.created_at)):
                    return earlier
                raise
        if digest is None:
            return self._store.create(task)
        until = task.created_at + idempotency.VALID_SECONDS
        ours = IdempotencyKey(
            key=digest,
            task_id=task.task_id,
            window=task.window,
            valid_until=until,
            start_within=start_within,
        )
        try:
            return self._store.create(task, ours)
        except errors.Conflict as conflict:
            raise errors.KeyInUse from conflict

    def reach(self) -> None:
        """Check that DynamoDB and SQS answer. Raises Outage, which says what does not answer."""
        asked = {
            "DynamoDB": lambda: self._store.get(_NO_TASK),
            "SQS": self._dispatcher.reach,
        }
        for name, ask in asked.items():
            try:
                ask()
            except Exception as exc:
                # A table that is missing, or may not be read, does not answer either.
                log.failure("service does not answer", service=name)
                raise errors.Outage(f"{name} does not answer.") from exc

    def page(
        self, wanted: Callable[[Task], bool], *, limit: int, after: Cursor | None
    ) -> tuple[list[Task], Cursor | None]:
        """Give at most `limit` tasks of v3 that are `wanted`, the newest first.

        They begin after `after`, or with the newest task if that is None. Also give the cursor for
        the next page, None if there are no more. If few tasks are wanted, a page may have fewer
        than `limit` although more follow. Raises Outage.
        """
        found: list[Task] = []
        now, cursor = self._clock.now(), after
        # One more than the limit, to learn whether there is a next page.
        for read, task in enumerate(self._store.newest(after, min(limit + 1, _BATCH))):
            if read == _MOST_READ:
                return found, cursor
            if wanted(task) and not task.expired(now):
                if len(found) == limit:
                    return found, cursor
                found.append(task)
            cursor = Cursor(task.created_at, task.task_id)
        return found, None

    def look(self, version: str, task_id: str, look: Look) -> TaskView:
        """Give a task and the reports that `look` asks for, as soon as there is something new.

        The end of the task is new, and so is a report if `look` has `detail`. If nothing is new,
        the task is given after the `timeout` of `look`. When a task has ended without an error,
        its reports are its result, and are given without `detail`, too. Raises NoSuchTask, Invalid
        for a `since` beyond the window, Outage.
        """
        task = self._await_news(version, task_id, look)
        has_result = task.state.ended and task.error is None
        if not (has_result or look.detail):
            return TaskView(task, [])
        stored = self._store.reports(task, look.since)
        reports = page.whole(stored, range(look.since, task.done))
        texts = has_result + look.text
        cut = page.cut(reports, texts=texts, numbers_too=look.detail)
        return TaskView(task, cut, waiting.why(task, self._clock.now(), self._attendance))

    def _await_news(self, version: str, task_id: str, look: Look) -> Task:
        hold = min(look.timeout, self._longest_hold(version))
        deadline = self._clock.monotonic() + hold
        while True:
            task = self._find(version, task_id)
            if look.since > task.window.count:
                raise errors.Invalid(
                    f"since must be at most {task.window.count}, the window's count, "
                    f"not {look.since}."
                )
            left = deadline - self._clock.monotonic()
            if task.state.ended or left <= 0 or (look.detail and task.done > look.since):
                return task
            self._clock.sleep(min(left, self._until_news(task, look)))

    def _longest_hold(self, version: str) -> float:
        longest = self._settings.hold_seconds
        if version == model.OPEN_VERSION:
            return min(longest, self._settings.open_hold_seconds)
        return longest

    def _until_news(self, task: Task, look: Look) -> float:
        """Give the seconds until the next read: reports come in step with the window's `wait`."""
        now = self._clock.now()
        if task.reported_at is None:
            return min(max(now - task.created_at, _FRESH), _QUEUED)
        last = task.window.count - 1
        wanted = min(look.since, last) if look.detail else last
        # The worker's clock may be ahead of ours: a report in the future would delay all reads.
        came_at = min(task.reported_at, now)
        left = came_at + (wanted + 1 - task.done) * task.window.wait + _WRITING - now
        # While a report is late, read less and less often, because it may never come. But read
        # every few seconds at least, because somebody may cancel the task.
        return min(max(left, -left / 4, _SOON), _LATE)

    def cancel(self, version: str, task_id: str, *, by: str | None = None) -> None:
        """Revoke a task for good. A task that is revoked already stays as it is.

        `by` is who asks, None for somebody without a login. Raises NoSuchTask, TaskEnded, Outage.
        """
        task_id = task_ids.decoded(task_id)
        if not task_ids.is_id(task_id):
            raise errors.NoSuchTask(task_id)
        now = self._clock.now()
        expires_at = now + self._settings.keep_days * model.DAY
        try:
            revoked = self._store.cancel(task_id, version, now, expires_at)
        except Refused as refused:
            task = self._readable(version, task_id, refused.old)
            if task.state is not State.REVOKED:
                raise errors.TaskEnded(
                    f"The task has ended as {task.state} and cannot be cancelled."
                ) from refused
        else:
            log.event("task cancelled", task_id=task_id, owner=revoked.owner, by=by)

    def _find(self, version: str, task_id: str) -> Task:
        task_id = task_ids.decoded(task_id)
        task = self._store.get(task_id) if task_ids.is_id(task_id) else None
        return self._readable(version, task_id, task)

    def _readable(self, version: str, task_id: str, task: Task | None) -> Task:
        """Give the task if a caller of this version may see it. Raises NoSuchTask."""
        if task is None or task.version != version or task.expired(self._clock.now()):
            raise errors.NoSuchTask(task_id)
        return task
