"""A state machine that tests the protocol of claims, fences and hints.

Its steps are everything that can happen to tasks, in any order. It has one thread: what happens at
the same time happens between two calls of the store, because only their order matters. At the
end all faults are removed and time passes; then every task that was accepted must have ended.
"""

import contextlib
import itertools
import uuid
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib import errors, ids
from chalicelib.comparison import Comparison
from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks import run
from chalicelib.tasks.model import State, Task
from chalicelib.tasks.ports import Refused, Store
from chalicelib.tasks.run import Run
from chalicelib.tasks.service import TaskService
from chalicelib.tasks.sweeper import Sweeper
from tests.support.fakes import FakeClock, FakeDispatcher
from tests.support.faults import Crash, Faulty, crash, lose
from tests.tasks.clocks import MachineClock
from tests.tasks.invariants import SKEW, Invariants
from tests.tasks.worlds import Snapshot, Watched, in_memory, without_hosts

SETTINGS = Settings(lease_seconds=90, heartbeat_seconds=15, sweep_seconds=60, max_attempts=3)
COUNT = 3
PICK = st.integers(min_value=0, max_value=5)


class Protocol(RuleBasedStateMachine):
    """One store, one queue of hints, and any number of callers, workers and sweepers."""

    #: Makes a store, a function that reads all of it, and a function that closes it.
    make_store: Callable[[], tuple[Store, Snapshot, Callable[[], None]]] = staticmethod(in_memory)
    sweeper_works = True

    def __init__(self) -> None:
        super().__init__()
        self.store, self.snapshot, self.close = type(self).make_store()
        self.clock, self.queue = FakeClock(), FakeDispatcher()
        watched = Watched(self.store, self.written)
        self.faulty, self.faulty_queue = Faulty(watched), Faulty(self.queue)
        shared: Any = {"store": self.faulty, "dispatcher": self.faulty_queue}
        shared |= {"clock": self.clock, "settings": SETTINGS}
        # Ids come in order, so that the same choices always give the same test.
        self.service = TaskService(**shared, new_id=lambda: str(uuid.UUID(int=next(numbers))))
        none = without_hosts(**shared)
        self.sweeper = Sweeper(**shared, **none, comparison=Comparison(self.clock))
        numbers = itertools.count(1)
        self.ids, self.promised = list[str](), list[str]()
        #: Each run of a worker that is alive, with the clock of its machine.
        self.runs: dict[Run, MachineClock] = {}
        self.seen = Invariants(count=COUNT, settings=SETTINGS)
        #: Whether the clock of whoever writes was judged, and whether that is the sweeper.
        self.judged, self.sweeping = True, False

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
        task_id = ids.new_id()
        with contextlib.suppress(Crash, errors.Outage, errors.NoSuchTask):
            self.service.cancel("v2", task_id)
        assert self.store.get(task_id) is None

    # What the queue does: it delivers hints in any order, more than once, or never.

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

    # What workers do, one step at a time. A frozen worker does nothing; a killed one is removed.

    def claim(self, task_id: str, off: int = 0) -> Run | None:
        """Let a worker claim a task, by a clock that is `off` seconds ahead."""
        clock = MachineClock(self.clock, off)
        try:
            a_run = run.claim(
                task_id,
                host="web-1",
                source="iostat",
                store=self.faulty,
                clock=clock,
                settings=SETTINGS,
            )
        except (Crash, errors.Outage, Refused):
            return None
        self.runs[a_run] = clock
        return a_run

    def picked(self, pick: int) -> Run:
        return list(self.runs)[pick % len(self.runs)]

    def step(self, a_run: Run, do: Callable[[Run], None]) -> None:
        """Let a worker do something. Remove it if it is killed, or if its run is over or lost."""
        try:
            do(a_run)
        except (Crash, errors.LeaseLost):
            del self.runs[a_run]
        except Refused:
            del self.runs[a_run]
            stored = self.store.get(a_run.task.task_id)
            assert (
                not stored
                or stored.run != a_run.task.run
                or stored.lease_until == 0
                or (stored.state is not State.STARTED)
            )
        except errors.Outage:
            return
        else:
            if a_run.task.state.ended or a_run.task.lease_until == 0:
                del self.runs[a_run]

    @precondition(lambda self: self.runs)
    @rule(pick=PICK, tail=st.sampled_from(["", "x" * 4000]))
    def report(self, pick: int, tail: str = "") -> None:
        """Report a short or a long text. A long last report is not written with the end."""
        text = "{} of run {}\n" + tail
        a_run = self.picked(pick)
        self.step(a_run, lambda it: it.report(text.format(it.task.done, it.task.run)))

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def beat(self, pick: int) -> None:
        self.step(self.picked(pick), lambda a_run: a_run.beat())

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def hand_over(self, pick: int) -> None:
        def give_back(a_run: Run) -> None:
            a_run.give_back()
            self.faulty_queue.send(a_run.task.task_id, "v2")

        self.step(self.picked(pick), give_back)

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def iostat_is_killed(self, pick: int) -> None:
        self.step(self.picked(pick), lambda a_run: a_run.fail_attempt("Killed."))

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def iostat_refuses(self, pick: int) -> None:
        self.step(self.picked(pick), lambda a_run: a_run.fail("Refused."))

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def kill_a_worker(self, pick: int) -> None:
        del self.runs[self.picked(pick)]

    # What time and the sweeper do.

    @rule(seconds=st.sampled_from([1, 20, 60, 88, 95, 100, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.freeze(seconds)

    @rule()
    def sweep(self) -> None:
        if self.sweeper_works:
            self.sweeping = True
            with contextlib.suppress(Crash, errors.Outage):
                self.sweeper.sweep()
            self.sweeping = False

    # What goes wrong.

    @rule(
        call=st.sampled_from(["create", "claim", "put_report", "move", "cancel", "get", "send"]),
        when=st.sampled_from(["before", "after"]),
        fault=st.sampled_from([crash, lose]),
    )
    def a_call_will_fail(self, call: str, when: str, fault: Callable[[], None]) -> None:
        (self.faulty_queue if call == "send" else self.faulty).arm(call, when, fault)

    # What must be true of every write, and after every step.

    def written(self, before: Task, after: Task) -> None:
        self.seen.check_write(
            before, after, self.clock.now(), judged=self.judged, by_sweeper=self.sweeping
        )

    @invariant()
    def nothing_is_broken(self) -> None:
        for wrong in self.seen.broken:
            raise wrong
        stored, reports = self.snapshot()
        for task in stored:
            self.seen.check(task, reports.get(task.task_id, []))
        assert {task.task_id for task in stored} >= set(self.promised)

    def teardown(self) -> None:
        """Remove all faults, and let time pass: every task that was accepted must end."""
        try:
            self.faulty.heal()
            self.faulty_queue.heal()
            for _ in range(8):
                self.clock.freeze(4000)
                self.sweep()
                self.drain()
                if all(task.state.ended for task in self.store.get_many(self.promised)):
                    break
            self.nothing_is_broken()
            assert all(task.state.ended for task in self.store.get_many(self.promised))
        finally:
            self.close()

    def drain(self) -> None:
        while self.queue.sent:
            a_run = self.claim(self.queue.sent.pop())
            while a_run and a_run in self.runs:
                self.step(a_run, lambda it: it.report("at the end\n"))
