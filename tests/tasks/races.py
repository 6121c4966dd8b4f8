"""The state machine of the protocol with races: what happens while somebody else reads or writes.

Workers and sweepers are overtaken between a read and a write. Requests are on their way for so long
that others have gone on. Clocks are set, and machines are suspended, while a worker measures.
"""

import contextlib
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from chalicelib import errors
from chalicelib.tasks.model import State
from chalicelib.tasks.run import Run
from tests.support.faults import crash, lose
from tests.tasks.invariants import SKEW
from tests.tasks.protocol import COUNT, PICK, SETTINGS, Protocol

MINUTE = 60
#: Seconds after which a heartbeat is due.
BEAT = 20
#: Seconds after the end of a lease at which others may take over.
LATER = SETTINGS.lease_seconds / 10 + 1


class Races(Protocol):
    """Others go on while a worker or a sweeper is between two steps."""

    @precondition(lambda self: self.runs)
    @rule(
        pick=PICK,
        call=st.sampled_from(["put_report", "move"]),
        other=st.sampled_from(["worker", "caller"]),
    )
    def a_worker_is_frozen_in_a_write(self, pick: int, call: str, other: str) -> None:
        """Freeze a worker before its write takes effect, while another worker or a caller acts."""
        task_id = self.picked(pick).task.task_id

        def others_go_on() -> None:
            self.faulty.heal()
            if other == "caller":
                self.service.cancel("v2", task_id)
            else:
                self.clock.freeze(SETTINGS.lease_seconds + LATER)
                if a_run := self.claim(task_id):
                    self.step(a_run, lambda it: it.report("usurped\n"))
            self.nothing_is_broken()

        self.faulty.arm(call, "before", others_go_on)
        with contextlib.suppress(errors.TaskEnded):
            self.report(pick)
        self.faulty.heal()

    @precondition(lambda self: self.runs)
    @rule(pick=PICK, many=st.integers(min_value=1, max_value=COUNT))
    def a_worker_measures(self, pick: int, many: int) -> None:
        a_run = self.picked(pick)
        for _ in range(many):
            if a_run in self.runs:
                self.step(a_run, lambda it: it.report(f"{it.task.done} of {it.task.run}\n"))

    @precondition(lambda self: self.runs)
    @rule(pick=PICK, beats=st.integers(min_value=1, max_value=6))
    def a_worker_keeps_its_lease(self, pick: int, beats: int) -> None:
        a_run = self.picked(pick)
        for _ in range(beats):
            self.clock.freeze(BEAT)
            if a_run in self.runs:
                self.step(a_run, lambda it: it.beat())

    @precondition(lambda self: self.runs)
    @rule(
        pick=PICK,
        after=st.sampled_from([-1, 1, LATER]),
        skew=st.integers(min_value=-SKEW, max_value=SKEW),
    )
    def another_worker_comes_when_a_lease_ends(self, pick: int, after: float, skew: int) -> None:
        task_id = self.picked(pick).task.task_id
        if task := self.store.get(task_id):
            self.clock.freeze(max(task.lease_until + after - self.clock.now(), 0))
        self.claim(task_id, skew)

    # Requests that are late: the worker that sent one was killed, or has seen no answer.

    @precondition(lambda self: self.runs)
    @rule(
        pick=PICK,
        write=st.sampled_from(["beat", "report", "give_back"]),
        fault=st.sampled_from([crash, lose]),
    )
    def a_request_is_late(self, pick: int, write: str, fault: Callable[[], None]) -> None:
        self.clock.freeze(BEAT)
        self.faulty.delay("move", fault)
        if write == "report":
            self.report(pick)
        elif write == "beat":
            self.beat(pick)
        else:
            self.hand_over(pick)
        self.faulty.heal()

    @precondition(lambda self: self.faulty.on_their_way)
    @rule(pick=PICK)
    def a_late_request_lands(self, pick: int) -> None:
        self.land(pick)

    def land(self, pick: int) -> None:
        sweeping, self.sweeping = self.sweeping, False
        self.faulty.land(pick)
        self.sweeping = sweeping

    @precondition(lambda self: self.faulty.on_their_way)
    @rule(pick=PICK, other=st.sampled_from(["worker", "sweeper"]))
    def a_late_request_lands_while_others_take_over(self, pick: int, other: str) -> None:
        """Let it land when another worker or the sweeper has just read that the lease is over."""
        task_id, _ = self.faulty.on_their_way[pick % len(self.faulty.on_their_way)]
        if task := self.store.get(task_id):
            self.clock.freeze(max(task.lease_until + LATER - self.clock.now(), 0))
        self.faulty.heal()
        self.faulty.arm("move", "before", lambda: self.land(pick))
        if other == "worker":
            self.claim(task_id)
        else:
            self.sweep()
        self.faulty.heal()

    @precondition(lambda self: self.ids)
    @rule(pick=PICK, other=st.sampled_from(["worker", "caller", "sweeper"]))
    def a_sweeper_is_overtaken(self, pick: int, other: str) -> None:
        """Let others go on when the sweeper has read what it is about to write."""
        task_id = self.ids[pick % len(self.ids)]

        def others_go_on() -> None:
            self.faulty.heal()
            self.sweeping = False
            self.clock.freeze(1)
            if other == "worker":
                self.claim(task_id)
            elif other == "caller":
                self.cancel(pick)
            else:
                self.sweep()
            self.sweeping = True

        self.clock.freeze(MINUTE)
        self.faulty.heal()
        self.faulty.arm("move", "before", others_go_on)
        self.sweep()
        self.faulty.heal()

    # Machines whose clock somebody sets, and machines that are suspended.

    @precondition(lambda self: self.runs)
    @rule(pick=PICK, by=st.sampled_from([-3600, 3600]))
    def somebody_sets_a_clock(self, pick: int, by: int) -> None:
        a_run = self.picked(pick)
        self.runs[a_run].set(by)
        self.kill_who_cannot_tell(a_run)

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def a_clock_is_a_minute_ahead_for_a_while(self, pick: int) -> None:
        a_run = self.picked(pick)
        clock = self.runs[a_run]
        self.clock.freeze(BEAT)
        clock.set(MINUTE)
        self.step(a_run, lambda it: it.beat())
        clock.set(-MINUTE)

    @precondition(lambda self: self.runs)
    @rule(pick=PICK, seconds=st.sampled_from([20, 100]))
    def a_machine_is_suspended(self, pick: int, seconds: int) -> None:
        a_run = self.picked(pick)
        self.runs[a_run].stand_still(seconds)
        self.kill_who_cannot_tell(a_run)

    def kill_who_cannot_tell(self, a_run: Run) -> None:
        """Kill a worker both of whose clocks are wrong: nothing tells it that time has passed."""
        if self.runs[a_run].was_set and self.runs[a_run].has_stood:
            del self.runs[a_run]

    @invariant()
    def who_may_write_has_a_lease_that_nobody_may_take_over(self) -> None:
        for a_run, clock in self.runs.items():
            stored = self.store.get(a_run.task.task_id)
            ours = stored and stored.run == a_run.task.run and stored.state is State.STARTED
            if stored and ours and not clock.is_wrong and a_run.may_write:
                assert stored.lease_until == 0 or not self.seen.is_free(stored, self.clock.now())
