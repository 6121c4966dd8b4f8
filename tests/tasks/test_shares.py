"""What one sweep looks at: all running tasks, then a share of the open ones; and what it leaves."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import pytest

from chalicelib import errors
from chalicelib.hosts.model import Host
from chalicelib.measure.model import Window
from chalicelib.tasks import shares
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.model import State, Swept, Task
from tests.support.memory_hosts import MemoryHosts
from tests.support.memory_store import MemoryStore
from tests.support.records import a_task
from tests.support.rig import Rig

Entry = TypeVar("Entry")


def test_lost_workers_come_first_then_tasks_of_users(rig: Rig) -> None:
    of_anybody = rig.create()
    of_a_user = rig.service.create("v3", Window(1, 1))
    lost = rig.create()
    rig.crash(lost)
    rig.clock.freeze(200)
    rig.dispatcher.sent.clear()
    rig.store.before = lambda method: rig.clock.freeze(1) if method == "move" else None
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [lost, of_a_user, of_anybody]


def test_a_sweep_goes_on_where_the_last_one_ended(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "MOST", {"v2": 2})
    ids = rig.create_some(5, every=0.001)
    seen = []
    for _ in range(4):
        rig.dispatcher.sent.clear()
        rig.sweeper.sweep()
        seen.append(rig.dispatcher.sent[:])
        rig.clock.freeze(60)
    # The third one reaches the end, and the fourth begins anew.
    assert seen == [ids[:2], ids[2:4], ids[4:], ids[:2]]


def test_a_sweep_whose_time_is_up_goes_on_there(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "_BATCH", 1)
    ids = rig.create_some(3, every=1)
    rig.store.before = lambda method: rig.clock.freeze(30) if method == "move" else None
    for _ in range(2):
        rig.sweeper.sweep(seconds=30)
    assert rig.dispatcher.sent[:2] == ids[:2]


def test_a_sweep_counts_the_open_tasks_of_anybody(rig: Rig) -> None:
    rig.create()
    rig.service.cancel("v2", rig.create())
    rig.service.create("v3", Window(1, 1))
    rig.sweeper.sweep()
    assert rig.store.swept() == Swept(at=1000, open_tasks=1)


def test_each_sweep_logs_how_many_tasks_are_open(
    rig: Rig, logged: list[tuple[str, dict[str, object]]]
) -> None:
    rig.create()
    rig.service.cancel("v2", rig.create())
    for _ in range(2):
        rig.service.create("v3", Window(1, 1))
    logged.clear()
    rig.sweeper.sweep()
    rig.sweeper.sweep()
    assert logged == 2 * [("swept", {"open_v2": 1, "open_v3": 2})]


@pytest.mark.parametrize("call", ["count_open", "keep_swept", "get_many"])
def test_an_outage_in_a_sweep_leaves_the_rest_to_the_next_one(rig: Rig, call: str) -> None:
    task_id = rig.create()
    rig.clock.freeze(60)
    out = iter([True])

    def fail_once(method: str) -> None:
        if method == call and next(out, False):
            raise errors.Outage

    rig.store.before = fail_once
    rig.sweeper.sweep()
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [task_id]
    assert rig.store.swept().open_tasks == 1


class Metered(MemoryStore):
    """A store that counts the read units that DynamoDB would take."""

    #: Bytes of an entry of an index, and of what DynamoDB reads of one for a unit.
    ENTRY, OF_AN_INDEX = 150, 8192

    def __init__(self) -> None:
        super().__init__()
        self.units = 0.0

    def get_many(self, task_ids: list[str], *, fresh: bool = True) -> list[Task]:
        self.units += len(task_ids) * (1 if fresh else 0.5)
        return super().get_many(task_ids)

    def running(self) -> Iterator[str]:
        return self._listed(super().running())

    def unended(self, version: str, after: Cursor | None) -> Iterator[Cursor]:
        return self._listed(super().unended(version, after))

    def count_open(self, version: str, most: int) -> int:
        counted = min(
            most, sum(it.version == version and it.due_at is not None for it in self.all())
        )
        self.units += counted * self.ENTRY / self.OF_AN_INDEX
        return counted

    def all(self) -> Iterable[Task]:
        return self.tasks.values()

    def _listed(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self.units += self.ENTRY / self.OF_AN_INDEX
            yield entry


@pytest.mark.usefixtures("uncovered")
def test_among_200_000_open_tasks_a_lost_worker_is_noticed_at_once_and_at_little_cost() -> None:
    store = Metered()
    rig = Rig(store=store)
    now = rig.clock.now()
    for number in range(200_000):
        task = a_task(
            task_id=f"{number:08x}-0000-4000-8000-000000000000",
            created_at=now - 3600 + number / 100,
            due_at=now + 3600,
        )
        if number < 2000:
            task = task._replace(state=State.STARTED, run=1, lease_until=now + 90, due_at=now + 99)
        store.tasks[task.task_id] = task
    lost = store.tasks[f"{1234:08x}-0000-4000-8000-000000000000"]
    store.tasks[lost.task_id] = lost._replace(lease_until=now - 90, due_at=now - 81)
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [lost.task_id]
    assert store.units <= 5000


class MeteredHosts(MemoryHosts):
    """Hosts whose reads are counted in the same units."""

    def __init__(self) -> None:
        super().__init__()
        self.units = 0

    def get_many(self, names: Sequence[str], *, fresh: bool = True) -> list[Host]:
        self.units += len(names)
        return super().get_many(names)


@pytest.mark.usefixtures("uncovered")
def test_groups_of_3000_tasks_for_1000_hosts_are_looked_at_in_one_sweep_at_little_cost() -> None:
    store, hosts = Metered(), MeteredHosts()
    rig = Rig(store=store, hosts=hosts)
    now = rig.clock.now()
    for number in range(1000):
        name = f"h{number}"
        hosts.rows[name] = Host(host=name, added_at=now, seen_at=now)
    for number in range(5000):
        task = a_task(
            task_id=f"h{number % 1000}~{number:08x}-0000-4000-8000-000000000000",
            version="v3",
            target=f"h{number % 1000}",
            created_at=now + number / 100,
            start_by=now + 600,
            due_at=now + 600,
        )
        if number < 2000:
            task = task._replace(state=State.STARTED, run=1, lease_until=now + 90, due_at=now + 99)
        store.tasks[task.task_id] = task
    late = [task.task_id for task in store.tasks.values()][3000:5000:400]
    for task_id in late:
        store.tasks[task_id] = store.tasks[task_id]._replace(start_by=now - 1, due_at=now - 1)
    rig.sweeper.sweep()
    assert [it for it in store.tasks if store.tasks[it].state is State.FAILURE] == late
    assert store.units + hosts.units <= 5000
