"""A process killed at any call, the first time or the second: nothing accepted is lost.

The points are those of the failure catalogue: F1 create.before, F2 create.after and send.before,
F5 send.after, F6 claim.before, F7 and F8 claim.after, F9 and F10 put_report.before, F11
put_report.after and move.before, F12 and F13 move.after, F14 and F15 the same at a hand-over, F16
and F17 at the sweeper's move and send.
"""

import contextlib

import pytest

from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks.model import State
from chalicelib.tasks.ports import Store
from tests.support.fakes import FakeDispatcher, MemoryStore
from tests.support.faults import Crash, Faulty, crash, lose
from tests.support.rig import Rig

SETTINGS = Settings(segment_seconds=2, max_attempts=3)
POINTS = [
    (call, when)
    for call in ("create", "send", "claim", "put_report", "move", "get", "due")
    for when in ("before", "after")
]


class World(Rig):
    """A rig whose calls can fail, and the ids that callers were promised."""

    def __init__(self) -> None:
        memory, queue = MemoryStore(), FakeDispatcher()
        self.faulty_store, self.faulty_queue = Faulty(memory), Faulty(queue)
        super().__init__(SETTINGS, store=self.faulty_store, dispatcher=self.faulty_queue)
        self.store, self.dispatcher = memory, queue
        self.promised: list[str] = []

    def arm(self, call: str, when: str, *, hit: int = 1, fault: object = crash) -> None:
        target = self.faulty_queue if call == "send" else self.faulty_store
        target.arm(call, when, fault, hit=hit)  # type: ignore[arg-type]

    def accept(self) -> None:
        with contextlib.suppress(Crash):
            self.promised.append(self.service.create("v2", Window(5, 1)))

    def work(self) -> None:
        """Deal with every message there is; one whose worker is killed is not acknowledged."""
        for task_id in list(self.dispatcher.sent):
            with contextlib.suppress(Crash):
                self.worker.work(task_id)
                self.dispatcher.sent.remove(task_id)

    def sweep(self) -> None:
        with contextlib.suppress(Crash):
            self.sweeper.sweep()

    def settle(self) -> None:
        """Heal, and let time pass until nothing is due any more."""
        self.faulty_store.heal()
        self.faulty_queue.heal()
        for _ in range(40):
            self.clock.freeze(200)
            self.sweep()
            self.work()


def check(store: Store, promised: list[str]) -> None:
    for task_id in promised:
        task = store.get(task_id)
        assert task is not None
        assert (task.state, task.done, task.due_at) == (State.SUCCESS, 5, None)
        reports = store.reports(task)
        assert [report.text for report in reports] == [f"report {index}\n" for index in range(5)]
        runs = [report.run for report in reports]
        assert runs == sorted(runs)


@pytest.mark.parametrize("hit", [1, 2])
@pytest.mark.parametrize(("call", "when"), POINTS)
def test_a_crash_loses_nothing_that_was_accepted(call: str, when: str, hit: int) -> None:
    world = World()
    world.arm(call, when, hit=hit)
    for _ in range(3):
        world.accept()
        world.work()
        world.clock.freeze(61)
        world.sweep()
    world.settle()
    assert len(world.promised) >= 2
    check(world.store, world.promised)


@pytest.mark.parametrize("hit", [1, 2, 3])
@pytest.mark.parametrize("call", ["put_report", "move"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_write_or_answer_of_a_run_is_tried_again(call: str, when: str, hit: int) -> None:
    world = World()
    world.arm(call, when, hit=hit, fault=lose)
    world.accept()
    while world.dispatcher.sent:
        world.work()
    check(world.store, world.promised)
    # Hand-overs made the runs: no report was lost to a failure.
    assert world.task(world.promised[0]).failures == 0


def test_every_message_delivered_three_times_is_one_run() -> None:
    world = World()
    for _ in range(5):
        world.accept()
    for task_id in sorted(world.dispatcher.sent * 3):
        world.worker.work(task_id)
    # A window of 4 s in segments of 2 s is two runs; every further delivery changed nothing.
    world.settle()
    assert {world.task(task_id).run for task_id in world.promised} == {2}
    check(world.store, world.promised)
