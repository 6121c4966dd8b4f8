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
from chalicelib.tasks.model import DAY, State
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
WRONG = st.sampled_from([-3650 * DAY, -8 * DAY, -3600, 3600, 3650 * DAY])


class Days(Races):
    """The cloud sweeps on while days pass, and deletes what has expired."""

    def __init__(self) -> None:
        super().__init__()
        #: Tasks that a worker with a wrong clock has claimed, and when each end was seen.
        self.wronged: set[str] = set()
        self.ended_at: dict[str, float] = {}

    @rule(days=st.sampled_from([1, 3, 20]))
    def days_pass(self, days: int) -> None:
        for _ in range(days):
            self.clock.freeze(DAY)
            self.sweep()
            self.expire()
            self.nothing_is_broken()

    @precondition(lambda self: self.ids)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        task = self.store.get(self.ids[pick % len(self.ids)])
        if task is None or not task.expired(self.clock.now()):
            super().cancel(pick)

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
        stored, reports = self.snapshot()
        for task in stored:
            if not task.expired(now):
                self.seen.check(task, reports.get(task.task_id, []))
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
