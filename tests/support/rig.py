"""The service, its workers and its sweeper on fakes, or on any other store."""

from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks.keeper import Keeper
from chalicelib.tasks.model import Task
from chalicelib.tasks.ports import Dispatcher, Store
from chalicelib.tasks.service import TaskService
from chalicelib.tasks.sweeper import Sweeper
from chalicelib.tasks.worker import Worker
from tests.support.fakes import FakeClock, FakeDispatcher, FakeMachine, MemoryStore

SETTINGS = Settings(
    lease_seconds=90, heartbeat_seconds=15, segment_seconds=100, max_attempts=3, sweep_seconds=60
)


class Rig:
    """One of each; a store or a dispatcher that is given stands before the fakes."""

    def __init__(
        self,
        settings: Settings = SETTINGS,
        *,
        store: Store | None = None,
        dispatcher: Dispatcher | None = None,
    ) -> None:
        self.clock, self.store, self.dispatcher = FakeClock(1000), MemoryStore(), FakeDispatcher()
        self.host = FakeMachine(self.clock)
        kept, sent = store or self.store, dispatcher or self.dispatcher
        self.leases = Keeper(store=kept, clock=self.clock, settings=settings, threaded=False)
        self.clock.every_second = self.leases.tick
        self.service = TaskService(store=kept, dispatcher=sent, clock=self.clock, settings=settings)
        self.sweeper = Sweeper(store=kept, dispatcher=sent, clock=self.clock, settings=settings)
        self.worker = Worker(
            store=kept,
            dispatcher=sent,
            host=self.host,
            leases=self.leases,
            clock=self.clock,
            settings=settings,
        )

    def create(self, count: int = 3, wait: int = 1) -> str:
        """A task whose message the test has in hand."""
        task_id = self.service.create("v2", Window(count, wait))
        self.dispatcher.sent.clear()
        return task_id

    def task(self, task_id: str) -> Task:
        """The task as it stands."""
        return self.store.tasks[task_id]

    def texts(self, task_id: str) -> list[str]:
        """The reports of a task that are in."""
        return [report.text for report in self.store.reports(self.task(task_id))]
