"""What the protocol is tested with: a store in memory, and one whose writes are watched."""

from collections.abc import Callable
from typing import Any

from chalicelib.tasks.fan_out import FanOut
from chalicelib.tasks.model import Report, Task
from chalicelib.tasks.ports import Store
from tests.support.memory_groups import MemoryGroups
from tests.support.memory_hosts import MemoryHosts, MemoryQueues
from tests.support.memory_store import MemoryStore

#: Reads everything in a store: its tasks, and their reports by task.
Snapshot = Callable[[], tuple[list[Task], dict[str, list[Report]]]]


def in_memory() -> tuple[Store, Snapshot, Callable[[], None]]:
    """Make a fake store; give it, a function that reads it, and a function that closes it."""
    store = MemoryStore()

    def snapshot() -> tuple[list[Task], dict[str, list[Report]]]:
        by_task: dict[str, list[Report]] = {}
        for (task_id, _), report in sorted(store.stored.items(), key=lambda entry: entry[0]):
            by_task.setdefault(task_id, []).append(report)
        return list(store.tasks.values()), by_task

    return store, snapshot, lambda: None


def without_hosts(**shared: Any) -> Any:
    """Give what else a sweeper takes, besides what it shares, where there are no hosts."""
    groups = MemoryGroups(MemoryStore())
    fan_out = FanOut(groups=groups, **shared)
    return {"hosts": MemoryHosts(), "queues": MemoryQueues(), "fan_out": fan_out}


class Watched:
    """A store that shows each write that takes effect: the task before it, and after it."""

    def __init__(self, real: Any, show: Callable[[Task, Task], None]) -> None:
        self._real, self._show = real, show

    def __getattr__(self, call: str) -> Any:
        real = getattr(self._real, call)
        if call not in ("claim", "move", "cancel"):
            return real

        def called(what: Any, *args: Any, **kwargs: Any) -> Any:
            task_id = getattr(what, "task_id", what)
            before = self._real.get(task_id)
            answer = real(what, *args, **kwargs)
            after = self._real.get(task_id)
            if before != after:
                self._show(before, after)
            return answer

        return called
