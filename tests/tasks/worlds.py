"""What the protocol is tested with: clocks that differ, and a store in memory."""

from collections.abc import Callable
from typing import Any

from chalicelib.tasks.fan_out import FanOut
from chalicelib.tasks.model import Report, Task
from chalicelib.tasks.ports import Store
from tests.support.fakes import FakeClock
from tests.support.memory_groups import MemoryGroups
from tests.support.memory_hosts import MemoryHosts, MemoryQueues
from tests.support.memory_store import MemoryStore


class SkewedClock:
    """A worker's clock, which is wrong by some seconds."""

    def __init__(self, true: FakeClock, skew: float) -> None:
        self._true, self._skew = true, skew
        self.monotonic, self.sleep = true.monotonic, true.freeze

    def now(self) -> float:
        return self._true.now() + self._skew


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
