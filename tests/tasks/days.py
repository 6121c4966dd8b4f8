"""The state machine of the protocol over days, with clocks that are wrong, and frozen workers."""

import contextlib
import email.utils
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from chalicelib import errors
from chalicelib.comparison import Comparison
from chalicelib.tasks import hint
from chalicelib.tasks.keeper import Keeper
from chalicelib.tasks.model import DAY, Look, Report, State
from chalicelib.tasks.sweeper import Sweeper
from chalicelib.tasks.worker import Worker
from tests.support.fakes import FakeMachine
from tests.support.faults import Crash
from tests.support.memory_store import MemoryStore
from tests.tasks.clocks import MachineClock
from tests.tasks.protocol import PICK, SETTINGS
from tests.tasks.races import Races
from tests.tasks.worlds import without_hosts

KEEP = SETTINGS.keep_days * DAY
#: Seconds from when a write was begun until the end is seen, at the most.
SOON = 3600
AN_HOUR_OR_SO = 4000
WRONG = st.sampled_from([-3650 * DAY, -8 * DAY, -3600, 3600, 3650 * DAY])


class Days(Races):
    """The cloud sweeps on while days pass, and deletes what has expired."""

    def __init__(self) -> None:
        super().__init__()
        #: Tasks that a worker with a wrong clock has claimed, and when each end was seen.
        self.wronged: set[str] = set()
        self.ended_at: dict[str, float] = {}
        #: The index of the report that is read next of a task, and the reports that are gone.
        self.next: dict[str, int] = {}
        self.gone: dict[tuple[str, int], Report] = {}

    @rule(days=st.sampled_from([1, 3, 20]))
    def days_pass(self, days: int) -> None:
        self.faulty.heal()
        self.faulty_queue.heal()
        for _ in range(days):
            self.clock.freeze(DAY)
            self.sweep()
            self.expire()
            self.nothing_is_broken()
            self.nothing_is_open_for_too_long()

    def nothing_is_open_for_too_long(self) -> None:
        """Check what is open after a sweep; the sweeper looks at each task once an hour or so."""
        hour_ago = self.clock.now() - AN_HOUR_OR_SO
        for task in [it for it in self.snapshot()[0] if not it.state.ended]:
            assert hour_ago <= task.done_by
            begun = task.state is not State.QUEUED
            assert begun or hour_ago <= task.created_at + SETTINGS.start_within

    @precondition(lambda self: self.ids)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        task = self.store.get(self.ids[pick % len(self.ids)])
        if task is None or not task.expired(self.clock.now()):
            super().cancel(pick)

    # What a caller reads, also where a report is gone: the release before kept them for too short.

    @precondition(lambda self: self.ids)
    @rule(pick=PICK)
    def a_caller_reads_on(self, pick: int) -> None:
        task_id = self.ids[pick % len(self.ids)]
        since = self.next.get(task_id, 0)
        try:
            view = self.service.look("v2", task_id, Look(detail=True, since=since))
        except (Crash, errors.Outage, errors.NoSuchTask):
            return
        reports = [it.report for it in view.reports]
        assert [report.index for report in reports] == list(range(since, view.task.done))
        for report in reports:
            if (task_id, report.index) in self.gone:
                assert report == Report.missing(report.index)
            else:
                assert report == self.seen.counted[task_id, report.index]
        self.next[task_id] = view.task.done

    @precondition(lambda self: self.ids)
    @rule(pick=PICK)
    def a_report_is_gone(self, pick: int) -> None:
        assert isinstance(self.store, MemoryStore)
        task_id = self.ids[pick % len(self.ids)]
        task = self.store.get(task_id)
        if task and task.done > 1 and (report := self.store.stored.pop((task_id, 0), None)):
            self.gone[task_id, 0] = report

    def expire(self) -> None:
        """Delete the reports that may be deleted now, as DynamoDB does."""
        assert isinstance(self.store, MemoryStore)
        for key, expires_at in self.store.report_expiry.items():
            if expires_at <= self.clock.now():
                self.store.stored.pop(key, None)

    @precondition(lambda self: self.queue.sent)
    @rule(pick=PICK, off=WRONG)
    def deliver_to_a_wrong_clock_that_nobody_judges(self, pick: int, off: int) -> None:
        task_id = self.queue.sent.pop(pick % len(self.queue.sent))
        self.judged = False
        self.claim(task_id, off)
        self.judged = True
        self.wronged.add(task_id)

    @precondition(lambda self: self.queue.sent)
    @rule(pick=PICK, off=WRONG)
    def a_wrong_clock_measures_a_whole_window(self, pick: int, off: int) -> None:
        before = set(self.runs)
        self.deliver_to_a_wrong_clock_that_nobody_judges(pick, off)
        for a_run in set(self.runs) - before:
            while a_run in self.runs:
                self.step(a_run, lambda it: it.report("by a wrong clock\n"))

    @precondition(lambda self: self.queue.sent)
    @rule(pick=PICK, off=WRONG)
    def deliver_to_a_wrong_clock(self, pick: int, off: int) -> None:
        """The cloud's answers tell this worker that its clock is wrong: it takes no work."""
        task_id = self.queue.sent[pick % len(self.queue.sent)]
        before = self.store.get(task_id)
        worker, compared = self.a_worker(FakeMachine(self.clock), off)
        compared.hear(email.utils.formatdate(self.clock.now(), usegmt=True), compared.begin())
        with contextlib.suppress(Crash, errors.Outage):
            worker.take(hint.encode(task_id))
        assert self.store.get(task_id) == before

    @rule(off=WRONG)
    def sweep_by_a_wrong_clock(self, off: int) -> None:
        """The cloud's answers tell this sweeper that its clock is wrong: it changes nothing."""
        before, _ = self.snapshot()
        clock = MachineClock(self.clock, off)
        compared = Comparison(clock)
        compared.hear(email.utils.formatdate(self.clock.now(), usegmt=True), compared.begin())
        shared: Any = {"store": self.faulty, "dispatcher": self.faulty_queue, "clock": clock}
        shared |= {"settings": SETTINGS}
        sweeper = Sweeper(**shared, **without_hosts(**shared), comparison=compared)
        with contextlib.suppress(Crash, errors.Outage):
            sweeper.sweep()
        assert self.snapshot()[0] == before

    @precondition(lambda self: self.queue.sent)
    @rule(pick=PICK, seconds=st.sampled_from([1, 40, 80]))
    def deliver_to_a_pair_that_is_frozen(self, pick: int, seconds: int) -> None:
        """A worker and its iostat stand still for some time, and iostat is silent after it."""
        task_id = self.queue.sent.pop(pick % len(self.queue.sent))
        before = self.store.get(task_id)

        def freeze(index: int) -> None:
            self.clock.freeze(seconds)
            raise errors.Silent

        worker, _ = self.a_worker(FakeMachine(self.clock, freeze), 0)
        with contextlib.suppress(Crash, errors.Outage):
            worker.take(hint.encode(task_id))
        after = self.store.get(task_id)
        assert before is not None
        assert after is not None
        # Silence is one failed attempt, and the lease of a worker that was lost is another one.
        failed = after.state is State.FAILURE and before.state is not State.FAILURE
        assert not failed or before.failures + 2 >= SETTINGS.max_attempts

    def a_worker(self, machine: FakeMachine, off: int) -> tuple[Worker, Comparison]:
        """Make a worker whose clock is `off` seconds off."""
        clock = MachineClock(self.clock, off)
        compared, keeper = (
            Comparison(clock),
            Keeper(store=self.faulty, clock=clock, settings=SETTINGS, threaded=False),
        )
        worker = Worker(
            store=self.faulty,
            dispatcher=self.faulty_queue,
            machine=machine,
            keeper=keeper,
            clock=clock,
            comparison=compared,
            settings=SETTINGS,
        )
        return worker, compared

    @invariant()
    def nothing_is_broken(self) -> None:
        """As before, for tasks that can be read; and an end lasts as long as it should."""
        now = self.clock.now()
        for wrong in self.seen.broken:
            raise wrong
        stored, reports = self.snapshot()
        for task in stored:
            if not task.expired(now):
                gone = [report for (of, _), report in self.gone.items() if of == task.task_id]
                self.seen.check(task, gone + reports.get(task.task_id, []))
            if task.expires_at is None:
                continue
            seen_at = self.ended_at.setdefault(task.task_id, now)
            if task.task_id in self.wronged:
                assert task.created_at + KEEP <= task.expires_at
                assert task.expires_at <= max(task.done_by + DAY, seen_at) + KEEP, (
                    task,
                    seen_at,
                    now,
                )
            else:
                assert abs(task.expires_at - KEEP - seen_at) <= DAY + SOON
        assert {task.task_id for task in stored} >= set(self.promised)
