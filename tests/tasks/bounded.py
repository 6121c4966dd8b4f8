"""The state machine of the protocol with strangers, who may have so many open tasks, and users.

Whatever crashes: a source that has room may create a task, and one that has none may not. And a
sweep looks after lost workers first, then after the tasks of users, then after those of strangers.
"""

import contextlib

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks.model import LOGIN_VERSION, State, Task
from chalicelib.tasks.service import TaskService
from tests.support.faults import Crash
from tests.tasks.protocol import COUNT, PICK, SETTINGS, Protocol

SOURCES = ("198.51.100.7", "198.51.100.8")
#: Open tasks that a source may have.
MOST = 2


class Bounded(Protocol):
    """Two sources of v2, and users of v3."""

    def __init__(self) -> None:
        super().__init__()
        self.service = TaskService(
            store=self.faulty,
            dispatcher=self.faulty_queue,
            clock=self.clock,
            settings=SETTINGS._replace(open_tasks_per_source=MOST),
            new_id=self.service._new_id,
        )
        #: Which task came from which source.
        self.sources: dict[str, str] = {}

    def tasks(self) -> dict[str, Task]:
        return {task.task_id: task for task in self.snapshot()[0]}

    def open_of(self, source: str) -> int:
        ids = {task_id for task_id, its in self.sources.items() if its == source}
        return sum(not task.state.ended for task in self.tasks().values() if task.task_id in ids)

    @precondition(lambda self: len(self.ids) < 8)
    @rule(source=st.sampled_from(SOURCES))
    def create_from(self, source: str) -> None:
        before, has_room = set(self.tasks()), self.open_of(source) < MOST
        try:
            self.promised.append(self.service.create("v2", Window(COUNT, 1), source=source))
            assert has_room
        except errors.TooManyTasks:
            assert not has_room
        except (Crash, errors.Outage):
            pass
        new = set(self.tasks()) - before
        self.sources |= dict.fromkeys(new, source)
        self.ids = sorted({*self.ids, *new})

    @precondition(lambda self: len(self.ids) < 8)
    @rule()
    def create_of_a_user(self) -> None:
        with contextlib.suppress(Crash, errors.Outage):
            window = Window(COUNT, 1)
            self.promised.append(self.service.create(LOGIN_VERSION, window, owner="jluser"))
        self.ids = sorted({*self.ids, *self.promised})

    @precondition(lambda self: self.ids)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        task = self.store.get(self.ids[pick % len(self.ids)])
        if task and task.version != LOGIN_VERSION:
            super().cancel(pick)

    @rule(seconds=st.sampled_from([0, 100]))
    def a_sweep_works(self, seconds: int) -> None:
        """Sweep without faults: lost workers come first, then users, then strangers."""
        self.clock.freeze(seconds)
        self.faulty.heal()
        self.faulty_queue.heal()
        tasks, before = self.tasks(), len(self.queue.sent)
        self.sweep()
        hinted = [tasks[task_id] for task_id in self.queue.sent[before:]]
        ranks = [(not _is_lost(task), task.version != LOGIN_VERSION) for task in hinted]
        assert ranks == sorted(ranks)

    def teardown(self) -> None:
        """As before; then every source has as much room as at first."""
        super().teardown()
        for source in SOURCES:
            for _ in range(MOST + 1):
                self.create_from(source)


def _is_lost(task: Task) -> bool:
    return task.state is State.STARTED and task.lease_until > 0
