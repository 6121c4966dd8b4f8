"""A run: one claim on a task, what its worker may write, and until when."""

import threading
from collections.abc import Callable

from chalicelib import errors, ids
from chalicelib.clock import Clock
from chalicelib.settings import Settings
from chalicelib.tasks import lease, model, task_ids
from chalicelib.tasks.model import Claim, Report, State, Task
from chalicelib.tasks.ports import Refused, Store

#: The part of a lease after which its worker stops writing.
_OWN_PART = 0.75
#: The fields that a take-over must find as they were read: no heartbeat and no report came since.
_AS_FOUND = ("lease_until", "done")
#: The most bytes of a last report that is written together with the end, in one write. With it a
#: task still has less than 4 KB, which DynamoDB reads for one unit of capacity.
_WITH_THE_END = 3000
#: Seconds between two tries of a write while DynamoDB does not answer.
_WRITE_RETRY_SECONDS = 0.5


class Run:
    """What a worker does with a task that it has claimed. The run's number fences every write.

    One thread writes the reports and another one extends the lease. A lock makes sure that they
    never write at the same time, each from the task as it was before the other's write.
    """

    def __init__(
        self, task: Task, *, leased_at: float, store: Store, clock: Clock, settings: Settings
    ) -> None:
        """`leased_at` is the monotonic time just before the claim was written."""
        self.task = task
        #: The monotonic time just before the lease was last written.
        self.leased_at = leased_at
        self._store, self._clock, self._settings = store, clock, settings
        #: What to add to the monotonic time for the time since the epoch, at the least.
        self._epoch = clock.now() - clock.monotonic()
        self._writing = threading.Lock()

    @property
    def may_write(self) -> bool:
        """Whether this run still has its lease, as far as the clocks of this machine tell.

        A worker that was frozen finds out here. Both clocks are asked, because the monotonic one
        may have been frozen as well.
        """
        fence_at = self.leased_at + self._settings.lease_seconds * _OWN_PART
        return self._clock.monotonic() < fence_at and self._now() < self.task.lease_until

    def _now(self) -> float:
        """Give the time since the epoch. In a run it never goes back, even if somebody sets it."""
        return max(self._clock.now(), self._epoch + self._clock.monotonic())

    def beat(self) -> None:
        """Write a heartbeat: extend the lease if that is due and nothing else is being written.

        Raises Refused, LeaseLost, Outage.
        """
        if not self._older_than(self._settings.heartbeat_seconds):
            return
        if not self._writing.acquire(blocking=False):
            return
        try:
            if self.task.state is State.STARTED and self.task.lease_until:
                self._check()
                self._extend()
        finally:
            self._writing.release()

    def _extend(self) -> None:
        made_at = self._clock.monotonic()
        try:
            self._move(self._extended(self.task), made_at, leased=True)
        except Refused as refused:
            old = refused.old
            if old is None or not self._still_ours(old):
                raise
            # The lease already lasts longer, by an earlier write of ours or a clock that was ahead.
            self.leased_at = made_at

    def _still_ours(self, stored: Task) -> bool:
        same_run = stored.run == self.task.run and stored.state is State.STARTED
        return same_run and stored.lease_until > 0

    def report(self, text: str) -> None:
        """Store the next report. The last one makes the task a SUCCESS.

        Waits while DynamoDB does not answer. Raises Refused, LeaseLost.
        """
        at = self._now()
        is_last = self.task.done + 1 == self.task.window.count
        with_the_end = is_last and len(text.encode()) <= _WITH_THE_END
        if not with_the_end:
            self._put(text, at)
        last = text if with_the_end else None
        self._write(lambda task: self._counted(task, at, last), seen=("done",))

    def _put(self, text: str, at: float) -> None:
        task = self.task
        report = Report(index=task.done, run=task.run, at=at, text=text)
        expires_at = model.reports_expire(task, self._settings.keep_days)
        self._insist(lambda: self._store.put_report(task.task_id, report, expires_at))

    def _counted(self, task: Task, at: float, last: str | None) -> Task:
        """Give the task with one more report, which came at the time `at`; the last one ends it."""
        after = task._replace(done=task.done + 1, reported_at=at, failures=0, last=last)
        if after.done == task.window.count:
            return self._ended(after, State.SUCCESS)
        # If a heartbeat is due before the next report, this write extends the lease instead.
        if self._older_than(self._settings.heartbeat_seconds - task.window.wait):
            return self._extended(after)
        return after

    def give_back(self) -> None:
        """Give the rest of the window back, for another run. Raises Refused, LeaseLost.

        The count of failures stays: only a report is progress.
        """
        self._write(self._given_back)

    def fail_attempt(self, why: str) -> None:
        """Count a failed attempt and give the task back, or end it after too many in a row.

        `why` is one sentence. Raises Refused, LeaseLost.
        """
        failures = self.task.failures + 1
        if failures >= self._settings.max_attempts:
            self.fail(f"{why} This was attempt {failures} in a row without a report.")
        else:
            self._write(lambda task: self._given_back(task)._replace(failures=failures))

    def fail(self, why: str) -> None:
        """End the task as a FAILURE; `why` is one sentence. Raises Refused, LeaseLost."""
        self._write(lambda task: self._ended(task, State.FAILURE, error=why))

    def _extended(self, task: Task) -> Task:
        until = lease.end(self._now(), self._settings)
        return task._replace(lease_until=until, due_at=lease.due_after(until, self._settings))

    def _given_back(self, task: Task) -> Task:
        due_at = self._now() + self._settings.sweep_seconds
        return task._replace(lease_until=0, due_at=due_at)

    def _ended(self, task: Task, state: State, error: str | None = None) -> Task:
        return _ended(task, state, self._now(), self._settings, error)

    def _write(self, change: Callable[[Task], Task], seen: tuple[str, ...] = ()) -> None:
        with self._writing:
            # Compute once: a retry must write the same values, so that we recognise our own write.
            made_at, after = self._clock.monotonic(), change(self.task)
            self._insist(lambda: self._move(after, made_at, seen=seen))

    def _move(
        self, after: Task, made_at: float, *, seen: tuple[str, ...] = (), leased: bool = False
    ) -> None:
        self._store.move(self.task, after, seen=seen, leased=leased)
        if after.lease_until != self.task.lease_until:
            self.leased_at = made_at
        self.task = after

    def _insist(self, write: Callable[[], None]) -> None:
        while True:
            self._check()
            try:
                return write()
            except errors.Outage:
                self._clock.sleep(_WRITE_RETRY_SECONDS)

    def _check(self) -> None:
        if not self.may_write:
            raise errors.LeaseLost

    def _older_than(self, seconds: float) -> bool:
        return self._clock.monotonic() >= self.leased_at + seconds


def claim(
    task_id: str,
    *,
    name: str | None = None,
    host: str,
    source: str,
    store: Store,
    clock: Clock,
    settings: Settings,
) -> Run:
    """Claim a task that nobody else has a lease on, and begin its next run.

    `name` is the name that was issued to this host, if it has one; `host` and `source` are the
    node and what it measures with. Raises Refused if there is no such task, or it has ended, or
    another run has a lease on it, or it is for another host, or was to begin earlier; Outage.
    """
    leased_at, until = clock.monotonic(), lease.end(clock.now(), settings)
    wanted = Claim(
        task_id=task_id,
        token=ids.new_id(),
        target=name if task_ids.host_of(task_id) else None,
        host=host,
        source=source,
        started_at=clock.now(),
        lease_until=until,
        due_at=lease.due_after(until, settings),
    )
    try:
        task = store.claim(wanted)
    except Refused as refused:
        old = refused.old
        if old is None or old.target != wanted.target:
            raise
        if not lease.lapsed(old, clock.now(), settings):
            raise
        task = _take_over(old, wanted, store, settings)
    return Run(task, leased_at=leased_at, store=store, clock=clock, settings=settings)


def _take_over(old: Task, wanted: Claim, store: Store, settings: Settings) -> Task:
    """Claim a task whose worker was lost, and count that as a failed attempt.

    After too many in a row, end the task instead and raise Refused.
    """
    if old.failures + 1 >= settings.max_attempts:
        failed = _ended(old, State.FAILURE, wanted.started_at, settings, why_lost(old))
        store.move(old, failed, seen=_AS_FOUND)
        raise Refused(failed)
    fields = wanted._asdict() | {"started_at": old.started_at}
    after = old._replace(**fields, run=old.run + 1, failures=old.failures + 1, hints=0)
    store.move(old, after, seen=_AS_FOUND)
    return after


def _ended(
    task: Task, state: State, now: float, settings: Settings, error: str | None = None
) -> Task:
    """Give the task with its end, by a worker's clock.

    If that is ahead, the task is not kept for longer than its reports.
    """
    at = min(now, task.done_by + model.DAY)
    return model.ended(task, state, at=at, keep_days=settings.keep_days, error=error)


def why_lost(old: Task) -> str:
    """Say why a task that has lost too many workers is a FAILURE."""
    return f"Its worker was lost. This was attempt {old.failures + 1} in a row without a report."
