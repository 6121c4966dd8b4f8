"""The use cases of tasks for the tests, on fakes or on given stores."""

import contextlib

from chalicelib.bootstrap import Parts
from chalicelib.hosts.model import Host
from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks import run
from chalicelib.tasks.keeper import Keeper
from chalicelib.tasks.model import Task
from chalicelib.tasks.ports import Dispatcher, GroupStore, Store
from chalicelib.tasks.run import Run
from chalicelib.tasks.worker import Worker
from tests.support.fakes import FakeClock, FakeDispatcher, FakeMachine
from tests.support.memory_groups import MemoryGroups
from tests.support.memory_hosts import MemoryHosts, MemoryQueues
from tests.support.memory_store import MemoryStore

SETTINGS = Settings(
    lease_seconds=90, heartbeat_seconds=15, segment_seconds=100, max_attempts=3, sweep_seconds=60
)


def worker_of(name: str, parts: Parts) -> Worker:
    """Give the worker of a host, made of the parts of a process."""
    return Worker(
        store=parts.task_store,
        dispatcher=parts.dispatcher,
        machine=parts.machine,
        keeper=parts.keeper,
        clock=parts.clock,
        comparison=parts.comparison,
        settings=parts.settings,
        host=name,
    )


class Rig:
    """The objects of a process. A given store or dispatcher takes the place of its fake."""

    def __init__(
        self,
        settings: Settings = SETTINGS,
        *,
        store: Store | None = None,
        dispatcher: Dispatcher | None = None,
        groups: GroupStore | None = None,
        hosts: MemoryHosts | None = None,
    ) -> None:
        self.clock, self.store, self.dispatcher = FakeClock(1000), MemoryStore(), FakeDispatcher()
        self.machine, self.settings = FakeMachine(self.clock), settings
        used = store or self.store
        self.keeper = Keeper(store=used, clock=self.clock, settings=settings, threaded=False)
        self.clock.every_second = self.keeper.tick
        self.hosts, self.queues = hosts or MemoryHosts(), MemoryQueues()
        self.group_store = MemoryGroups(self.store)
        self.parts = Parts(
            settings=settings,
            clock=self.clock,
            machine=self.machine,
            task_store=used,
            dispatcher=dispatcher or self.dispatcher,
            keeper=self.keeper,
            host_store=self.hosts,
            host_queues=self.queues,
            group_store=groups or self.group_store,
        )
        parts = self.parts
        self.comparison = parts.comparison
        self.service, self.worker, self.sweeper = parts.tasks, parts.worker, parts.sweeper
        self.host_tasks, self.groups = parts.host_tasks, parts.groups

    def add_host(self, name: str, *, seen: float | None = 0) -> None:
        """Let there be a host that was last seen so many seconds ago; None is never."""
        seen_at = None if seen is None else self.clock.now() - seen
        before = self.hosts.rows.get(name)
        added_at = before.added_at if before else self.clock.now()
        self.hosts.rows[name] = Host(host=name, added_at=added_at, seen_at=seen_at)

    def worker_of(self, name: str) -> Worker:
        """Give the worker of a host."""
        return worker_of(name, self.parts)

    def create(self, count: int = 3, wait: int = 1) -> str:
        """Create a task and forget its hint: the test calls the worker itself."""
        task_id = self.service.create("v2", Window(count, wait))
        self.dispatcher.sent.clear()
        return task_id

    def create_some(self, many: int, *, every: float) -> list[str]:
        """Create so many tasks, one `every` so many seconds; afterwards all of them are due."""
        ids = []
        for _ in range(many):
            ids.append(self.create())
            self.clock.freeze(every)
        self.clock.freeze(self.settings.sweep_seconds)
        return ids

    def claim(self, task_id: str) -> Run:
        """Claim a task, as a worker on web-1 does."""
        return run.claim(
            task_id,
            host="web-1",
            source="iostat",
            store=self.store,
            clock=self.clock,
            settings=self.settings,
        )

    def claim_for(self, name: str, task_id: str) -> Run:
        """Claim a task, as the worker of a host does."""
        return run.claim(
            task_id,
            name=name,
            host="node",
            source="iostat",
            store=self.store,
            clock=self.clock,
            settings=self.settings,
        )

    def crash(self, task_id: str) -> None:
        """Let a worker claim a task and be killed before its first report."""

        def die(index: int) -> None:
            raise KeyboardInterrupt

        self.machine.before = die
        with contextlib.suppress(KeyboardInterrupt):
            self.worker.work(task_id)
        self.machine.before = lambda index: None

    def task(self, task_id: str) -> Task:
        """Give the task as it is stored."""
        return self.store.tasks[task_id]

    def texts(self, task_id: str) -> list[str]:
        """Give the reports of a task that are stored."""
        return [report.text for report in self.store.reports(self.task(task_id))]
