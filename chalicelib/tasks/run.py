"""A run: one claim on a window, what its holder may write, and until when."""

import dataclasses
import threading
from collections.abc import Callable

from chalicelib import errors
from chalicelib.settings import Settings
from chalicelib.tasks import model as tasks
from chalicelib.tasks.model import Claim, Report, State, Task
from chalicelib.tasks.ports import Clock, Refused, Store

#: The part of a lease after which its holder fences itself; and what others add to a lease before
#: they take it over, for clocks that differ.
_OWN_PART, _SKEW_PART = 0.75, 0.1
#: What must still be so when a lost run is taken over: that it is lost, and where it stopped.
_AS_FOUND = ("lease_until", "done")
#: Bytes of a last report that is written with the end, in one: with it the task is still read for
#: one unit of capacity, which is 4 KB.
_WITH_THE_END = 3000
#: Seconds between two tries of a write while DynamoDB is out.
_RETRY_SECONDS = 0.5


class Run:
    """What the holder of a claim does with it. Every write is fenced by the run's number.

    One thread writes the reports and another keeps the lease; a lock keeps the two from writing
    the task at the same time, each from what it was before the other.
    """

    def __init__(
        self, task: Task, *, held_from: float, store: Store, clock: Clock, settings: Settings
    ) -> None:
        """`held_from`: the monotonic time before the claim was written."""
        self.task = task
        #: The monotonic time before the lease was last written.
        self.held_from = held_from
        self._store, self._clock, self._settings = store, clock, settings
        self._writing = threading.Lock()

    @property
    def held(self) -> bool:
        """Whether this run may still write, as far as its own clocks tell.

        A worker that was frozen finds out here; its monotonic clock may have been frozen, too.
        """
        fence_at = self.held_from + self._settings.lease_seconds * _OWN_PART
        return self._clock.monotonic() < fence_at and self._clock.now() < self.task.lease_until

    def beat(self) -> None:
        """Extend the lease, if that is due and nothing else is being written.

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
            self._move(self._extended(self.task), made_at, held=True)
        except Refused as refused:
            old = refused.old
            if old is None or not self._still_ours(old):
                raise
            # An earlier write of ours, or a clock that was ahead, has extended it further.
            self.held_from = made_at

    def _still_ours(self, stored: Task) -> bool:
        same_run = stored.run == self.task.run and stored.state is State.STARTED
        return same_run and stored.lease_until > 0

    def report(self, text: str) -> None:
        """Keep the next report; with the last one the task is a SUCCESS.

        Waits while DynamoDB is out. Raises Refused, LeaseLost.
        """
        at = self._clock.now()
        is_last = self.task.done + 1 == self.task.window.count
        with_the_end = is_last and len(text.encode()) <= _WITH_THE_END
        if not with_the_end:
            self._put(text, at)
        last = text if with_the_end else None
        self._write(lambda task: self._counted(task, at, last), seen=("done",))

    def _put(self, text: str, at: float) -> None:
        task, keep = self.task, self._settings.keep_days
        report = Report(index=task.done, run=task.run, at=at, text=text)
        left = (task.window.count - task.done) * task.window.wait
        expires_at = at + 2 * left + (keep + 1) * tasks.DAY
        self._insist(lambda: self._store.put_report(task.task_id, report, expires_at))

    def _counted(self, task: Task, at: float, last: str | None) -> Task:
        """The task with one more report, which came `at`; the last of all ends it."""
        after = dataclasses.replace(task, done=task.done + 1, reported_at=at, failures=0, last=last)
        if after.done == task.window.count:
            return self._ended(after, State.SUCCESS)
        # A heartbeat that is due before the next report goes along with this one.
        if self._older_than(self._settings.heartbeat_seconds - task.window.wait):
            return self._extended(after)
        return after

    def give_back(self) -> None:
        """Leave the rest of the window to another run. Raises Refused, LeaseLost."""
        self._write(self._given_back)

    def fail_attempt(self, why: str) -> None:
        """Count a failure and leave the rest to another run, unless there were too many in a row.

        Raises Refused, LeaseLost.
        """
        failures = self.task.failures + 1
        if failures >= self._settings.max_attempts:
            self.fail(f"{why} This was attempt {failures} in a row without a report.")
        else:
            self._write(lambda task: dataclasses.replace(self._given_back(task), failures=failures))

    def fail(self, why: str) -> None:
        """End the task as a FAILURE. Raises Refused, LeaseLost."""
        self._write(lambda task: self._ended(task, State.FAILURE, error=why))

    def _extended(self, task: Task) -> Task:
        until = lease_end(self._clock, self._settings)
        return dataclasses.replace(task, lease_until=until, due_at=due_after(until, self._settings))

    def _given_back(self, task: Task) -> Task:
        due_at = self._clock.now() + self._settings.sweep_seconds
        return dataclasses.replace(task, lease_until=0, due_at=due_at, failures=0)

    def _ended(self, task: Task, state: State, error: str | None = None) -> Task:
        now, keep = self._clock.now(), self._settings.keep_days
        return tasks.ended(task, state, at=now, keep_days=keep, error=error)

    def _write(self, change: Callable[[Task], Task], seen: tuple[str, ...] = ()) -> None:
        with self._writing:
            # Made once: a second try must write the same, or it is not known for our own.
            made_at, after = self._clock.monotonic(), change(self.task)
            self._insist(lambda: self._move(after, made_at, seen=seen))

    def _move(
        self, after: Task, made_at: float, *, seen: tuple[str, ...] = (), held: bool = False
    ) -> None:
        self._store.move(self.task, after, seen=seen, held=held)
        if after.lease_until != self.task.lease_until:
            self.held_from = made_at
        self.task = after

    def _insist(self, write: Callable[[], None]) -> None:
        while True:
            self._check()
            try:
                return write()
            except errors.Outage:
                self._clock.sleep(_RETRY_SECONDS)

    def _check(self) -> None:
        if not self.held:
            raise errors.LeaseLost

    def _older_than(self, seconds: float) -> bool:
        return self._clock.monotonic() >= self.held_from + seconds


def lease_end(clock: Clock, settings: Settings) -> float:
    """Until when a lease that begins now is good."""
    return clock.now() + settings.lease_seconds


def due_after(lease_until: float, settings: Settings) -> float:
    """When others may take a lease over that nobody extended."""
    return lease_until + settings.lease_seconds * _SKEW_PART


def lapsed(task: Task, now: float, settings: Settings) -> bool:
    """Whether the task is held by a run that has lost it, whatever the clocks there say."""
    return (
        task.state is State.STARTED
        and task.lease_until > 0
        and due_after(task.lease_until, settings) < now
    )


def claim(
    task_id: str, *, host: str, source: str, store: Store, clock: Clock, settings: Settings
) -> Run:
    """Begin the next run of a task that nobody holds.

    Raises Refused where there is none, or it has ended or is held; Outage.
    """
    held_from, until = clock.monotonic(), lease_end(clock, settings)
    wanted = Claim(
        task_id=task_id,
        token=tasks.new_id(),
        host=host,
        source=source,
        started_at=clock.now(),
        lease_until=until,
        due_at=due_after(until, settings),
    )
    try:
        task = store.claim(wanted)
    except Refused as refused:
        if refused.old is None or not lapsed(refused.old, clock.now(), settings):
            raise
        task = _take_over(refused.old, wanted, store, settings)
    return Run(task, held_from=held_from, store=store, clock=clock, settings=settings)


def _take_over(old: Task, wanted: Claim, store: Store, settings: Settings) -> Task:
    """Claim a task whose worker was lost, which is one more failure of it."""
    if old.failures + 1 >= settings.max_attempts:
        failed = give_up(old, wanted.started_at, settings)
        store.move(old, failed, seen=_AS_FOUND)
        raise Refused(failed)
    fields = dataclasses.asdict(wanted) | {"started_at": old.started_at}
    after = dataclasses.replace(old, **fields, run=old.run + 1, failures=old.failures + 1, hints=0)
    store.move(old, after, seen=_AS_FOUND)
    return after


def give_up(old: Task, now: float, settings: Settings) -> Task:
    """The FAILURE of a task that has lost too many workers."""
    why = f"Its worker was lost {old.failures + 1} times in a row without a report between."
    return tasks.ended(old, State.FAILURE, at=now, keep_days=settings.keep_days, error=why)
