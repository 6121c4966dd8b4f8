"""Crashes: a process is killed before or after any call, and no accepted task may be lost."""

import contextlib

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks.model import State
from chalicelib.tasks.ports import Store
from tests.support.fakes import FakeDispatcher
from tests.support.faults import Crash, Faulty, crash, lose
from tests.support.memory_store import MemoryStore
from tests.support.rig import Rig

SETTINGS = Settings(segment_seconds=2, max_attempts=3)
HERE = "198.51.100.7"
POINTS = [
    (call, when)
    for call in (
        *("create", "send", "claim", "put_report", "move", "get"),
        *("swept", "running", "unended", "get_many", "count_open", "keep_swept"),
    )
    for when in ("before", "after")
]


class World(Rig):
    """A rig whose calls can fail, and the ids of the tasks that were accepted."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        memory, queue = MemoryStore(), FakeDispatcher()
        self.faulty_store, self.faulty_queue = Faulty(memory), Faulty(queue)
        super().__init__(settings, store=self.faulty_store, dispatcher=self.faulty_queue)
        self.store, self.dispatcher = memory, queue
        self.promised: list[str] = []

    def arm(self, call: str, when: str, *, hit: int = 1, fault: object = crash) -> None:
        target = self.faulty_queue if call == "send" else self.faulty_store
        target.arm(call, when, fault, hit=hit)  # type: ignore[arg-type]

    def accept(self) -> None:
        with contextlib.suppress(Crash):
            self.promised.append(self.service.create("v2", Window(5, 1)))

    def work(self) -> None:
        """Deal with every message. If the worker is killed, the message stays in the queue."""
        for task_id in list(self.dispatcher.sent):
            with contextlib.suppress(Crash):
                self.worker.work(task_id)
                self.dispatcher.sent.remove(task_id)

    def sweep(self) -> None:
        with contextlib.suppress(Crash):
            self.sweeper.sweep()

    def settle(self) -> None:
        """Remove all faults, and let time pass until no task is due any more."""
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


@pytest.mark.parametrize(("call", "when"), POINTS)
def test_after_a_crash_a_source_may_have_as_many_open_tasks_as_before(call: str, when: str) -> None:
    world = World(SETTINGS._replace(open_tasks_per_source=2))
    world.arm(call, when)
    for _ in range(3):
        with contextlib.suppress(Crash, errors.TooManyTasks):
            world.service.create("v2", Window(5, 1), source=HERE)
        world.work()
        world.clock.freeze(61)
        world.sweep()
    world.settle()
    for _ in range(2):
        world.service.create("v2", Window(5, 1), source=HERE)
    with pytest.raises(errors.TooManyTasks):
        world.service.create("v2", Window(5, 1), source=HERE)


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
    # Only hand-overs made new runs. No attempt has failed.
    assert world.task(world.promised[0]).failures == 0


def test_messages_that_come_three_times_make_no_extra_runs() -> None:
    world = World()
    for _ in range(5):
        world.accept()
    for task_id in sorted(world.dispatcher.sent * 3):
        world.worker.work(task_id)
    # A window of 4 s takes two runs of 2 s. The other deliveries changed nothing.
    world.settle()
    assert {world.task(task_id).run for task_id in world.promised} == {2}
    check(world.store, world.promised)
