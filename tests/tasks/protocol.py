"""The protocol of claims, fences and hints as a state machine that does everything that can happen.

Single-threaded: what happens at the same time happens between two calls of the store, which is
where it matters. The invariants are those of the design, checked after every step; at the end
everything is healed, time passes, and every task that was accepted must have ended.
"""

import contextlib
import itertools
import uuid
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks import model as tasks
from chalicelib.tasks import run
from chalicelib.tasks.model import Report, State, Task
from chalicelib.tasks.ports import Refused, Store
from chalicelib.tasks.run import Run
from chalicelib.tasks.service import TaskService
from chalicelib.tasks.sweeper import Sweeper
from tests.support.fakes import FakeClock, FakeDispatcher, MemoryStore
from tests.support.faults import Crash, Faulty, crash, lose

SETTINGS = Settings(lease_seconds=90, heartbeat_seconds=15, sweep_seconds=60, max_attempts=3)
COUNT = 3
#: Seconds by which a worker's clock may be wrong: what the margins allow for.
SKEW = 4

PICK = st.integers(min_value=0, max_value=5)


class SkewedClock:
    """A worker's clock, some seconds off."""

    def __init__(self, true: FakeClock, skew: float) -> None:
        self._true, self._skew = true, skew
        self.monotonic, self.sleep = true.monotonic, true.freeze

    def now(self) -> float:
        return self._true.now() + self._skew


#: Everything that is in a store: its tasks, and their reports by task.
Snapshot = Callable[[], tuple[list[Task], dict[str, list[Report]]]]


def in_memory() -> tuple[Store, Snapshot, Callable[[], None]]:
    """The fake."""
    store = MemoryStore()

    def snapshot() -> tuple[list[Task], dict[str, list[Report]]]:
        by_task: dict[str, list[Report]] = {}
        for (task_id, _), report in sorted(store.stored.items(), key=lambda entry: entry[0]):
            by_task.setdefault(task_id, []).append(report)
        return list(store.tasks.values()), by_task

    return store, snapshot, lambda: None


class Protocol(RuleBasedStateMachine):
    """One store, one bag of hints, any number of callers, workers and sweepers."""

    #: Makes the store, what reads all that is in it, and what ends it.
    make_store: Callable[[], tuple[Store, Snapshot, Callable[[], None]]] = staticmethod(in_memory)
    sweeper_works = True

    def __init__(self) -> None:
        super().__init__()
        self.store, self.snapshot, self.close = type(self).make_store()
        self.faulty, self.queue = Faulty(self.store), FakeDispatcher()
        self.faulty_queue = Faulty(self.queue)
        self.clock = FakeClock(1000)
        parts: Any = {
            "store": self.faulty,
            "dispatcher": self.faulty_queue,
            "clock": self.clock,
            "settings": SETTINGS,
        }
        # Ids in order, so that the same choices are the same story.
        self.service = TaskService(**parts, new_id=lambda: str(uuid.UUID(int=next(numbers))))
        self.sweeper = Sweeper(**parts)
        numbers = itertools.count(1)
        self.ids: list[str] = []
        self.promised: list[str] = []
        self.runs: list[Run] = []
        self.known: dict[str, Task] = {}
        self.counted: dict[tuple[str, int], Report] = {}

    # What callers do.

    @precondition(lambda self: len(self.ids) < 4)
    @rule()
    def create(self) -> None:
        with contextlib.suppress(Crash, errors.Outage):
            self.promised.append(self.service.create("v2", Window(COUNT, 1)))
        self.ids = sorted({*self.ids, *self.promised, *self.queue.sent})

    @precondition(lambda self: self.ids)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        task_id = self.ids[pick % len(self.ids)]
        acknowledged = False
        with contextlib.suppress(Crash, errors.Outage, errors.TaskEnded):
            self.service.cancel("v2", task_id)
            acknowledged = True
        task = self.store.get(task_id)
        assert not acknowledged or (task and task.state is State.REVOKED)

    @rule()
    def cancel_what_was_never_made(self) -> None:
        task_id = tasks.new_id()
        with contextlib.suppress(Crash, errors.Outage, errors.NoSuchTask):
            self.service.cancel("v2", task_id)
        assert self.store.get(task_id) is None

    # What the queue does: deliver in any order, once or more often, and lose.

    @precondition(lambda self: self.queue.sent)
    @rule(pick=PICK, again=st.booleans(), skew=st.integers(min_value=-SKEW, max_value=SKEW))
    def deliver(self, pick: int, again: bool, skew: int) -> None:
        hints = self.queue.sent
        task_id = hints[pick % len(hints)] if again else hints.pop(pick % len(hints))
        self.claim(task_id, skew)

    @precondition(lambda self: self.queue.sent)
    @rule(pick=PICK)
    def lose_a_hint(self, pick: int) -> None:
        self.queue.sent.pop(pick % len(self.queue.sent))

    # What workers do, one step at a time; a paused one takes none, a crashed one is no more.

    def claim(self, task_id: str, skew: int = 0) -> Run | None:
        before = self.store.get(task_id)
        clock = SkewedClock(self.clock, skew)
        try:
            mine = run.claim(
                task_id,
                host="web-1",
                source="iostat",
                store=self.faulty,
                clock=clock,
                settings=SETTINGS,
            )
        except (Crash, errors.Outage, Refused):
            return None
        # Nobody takes a window from a worker that heartbeats in time.
        assert before is not None
        assert before.state is State.QUEUED or before.lease_until + SKEW < self.clock.now() + SKEW
        self.runs.append(mine)
        return mine

    def step(self, pick: int, do: Callable[[Run], None]) -> None:
        """Let one worker do something; if it is killed or has lost its window, it is no more."""
        mine = self.runs[pick % len(self.runs)]
        try:
            do(mine)
        except (Crash, Refused, errors.LeaseLost):
            self.runs.remove(mine)
        except errors.Outage:
            return
        else:
            if mine.task.state.ended or mine.task.lease_until == 0:
                self.runs.remove(mine)

    @precondition(lambda self: self.runs)
    @rule(pick=PICK, tail=st.sampled_from(["", "x" * 4000]))
    def report(self, pick: int, tail: str = "") -> None:
        """A long one is written by itself even if it is the last."""
        text = "{} of run {}\n" + tail
        self.step(pick, lambda mine: mine.report(text.format(mine.task.done, mine.task.run)))

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def beat(self, pick: int) -> None:
        self.step(pick, lambda mine: mine.beat())

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def hand_over(self, pick: int) -> None:
        def give_back(mine: Run) -> None:
            mine.give_back()
            self.faulty_queue.send(mine.task.task_id)

        self.step(pick, give_back)

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def iostat_is_killed(self, pick: int) -> None:
        self.step(pick, lambda mine: mine.fail_attempt("Killed."))

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def iostat_refuses(self, pick: int) -> None:
        self.step(pick, lambda mine: mine.fail("Refused."))

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def kill_a_worker(self, pick: int) -> None:
        self.runs.pop(pick % len(self.runs))

    # What time and the sweeper do.

    @rule(seconds=st.sampled_from([1, 20, 60, 95, 100, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.freeze(seconds)

    @rule()
    def sweep(self) -> None:
        if self.sweeper_works:
            with contextlib.suppress(Crash, errors.Outage):
                self.sweeper.sweep()

    # What goes wrong.

    @rule(
        call=st.sampled_from(["create", "claim", "put_report", "move", "cancel", "get", "send"]),
        when=st.sampled_from(["before", "after"]),
        fault=st.sampled_from([crash, lose]),
    )
    def a_call_will_fail(self, call: str, when: str, fault: Callable[[], None]) -> None:
        (self.faulty_queue if call == "send" else self.faulty).arm(call, when, fault)

    @precondition(lambda self: self.runs)
    @rule(
        pick=PICK,
        call=st.sampled_from(["put_report", "move"]),
        usurper=st.sampled_from(["worker", "caller"]),
    )
    def a_worker_is_frozen_in_a_write(self, pick: int, call: str, usurper: str) -> None:
        """Its request is on the way, or it sleeps in the kernel, while others go on."""
        task_id = self.runs[pick % len(self.runs)].task.task_id

        def others_go_on() -> None:
            self.faulty.heal()
            if usurper == "caller":
                self.service.cancel("v2", task_id)
            else:
                self.clock.freeze(SETTINGS.lease_seconds * 1.2)
                if mine := self.claim(task_id):
                    self.step(self.runs.index(mine), lambda mine: mine.report("usurped\n"))
            self.nothing_is_broken()

        self.faulty.arm(call, "before", others_go_on)
        with contextlib.suppress(errors.TaskEnded):
            self.report(pick)
        self.faulty.heal()

    # What must hold after every step.

    @invariant()
    def nothing_is_broken(self) -> None:
        stored, reports = self.snapshot()
        for task in stored:
            self.check_task(task)
            self.check_reports(task, reports.get(task.task_id, []))
            self.known[task.task_id] = task
        assert {task.task_id for task in stored} >= set(self.promised)

    def check_task(self, task: Task) -> None:
        before = self.known.get(task.task_id, task)
        assert not before.state.ended or task == before
        assert task.state is not State.QUEUED or before.state is State.QUEUED
        assert task.run >= before.run
        assert before.done <= task.done <= COUNT
        assert task.failures <= SETTINGS.max_attempts
        assert (task.due_at is None) == task.state.ended == (task.expires_at is not None)
        assert (task.error is not None) == (task.state is State.FAILURE)
        assert task.state is not State.SUCCESS or task.done == COUNT
        assert task.state is not State.QUEUED or (task.run, task.done) == (0, 0)

    def check_reports(self, task: Task, stored: list[Report]) -> None:
        last = [task.last_report] if task.last_report else []
        reports = stored[: task.done - len(last)] + last
        assert [report.index for report in reports] == list(range(task.done))
        runs = [report.run for report in reports]
        assert runs == sorted(runs)
        for report in reports:
            assert self.counted.setdefault((task.task_id, report.index), report) == report

    def teardown(self) -> None:
        """Heal, let time pass and work go on: what was promised must come to its end."""
        try:
            self.faulty.heal()
            self.faulty_queue.heal()
            for _ in range(8):
                self.clock.freeze(4000)
                self.sweep()
                self.drain()
            self.nothing_is_broken()
            for task_id in self.promised:
                assert self.known[task_id].state.ended
        finally:
            self.close()

    def drain(self) -> None:
        while self.queue.sent:
            mine = self.claim(self.queue.sent.pop())
            while mine in self.runs:
                self.step(self.runs.index(mine), lambda mine: mine.report("at the end\n"))
