"""A registry with the host web-1, and machines that want its name."""

from collections.abc import Callable

from chalicelib.comparison import Comparison
from chalicelib.hosts.model import Host
from chalicelib.hosts.presence import Presence
from chalicelib.hosts.service import HostService
from tests.support.fakes import FakeClock
from tests.support.memory_hosts import MemoryHosts, MemoryQueues
from tests.support.records import a_heartbeat


class World:
    """A registry with the host web-1, and machines that want its name."""

    def __init__(self) -> None:
        self.clock, self.store, self.queues = FakeClock(), MemoryHosts(), MemoryQueues()
        self.comparison = Comparison(self.clock)
        self.service = HostService(store=self.store, queues=self.queues, clock=self.clock)
        self.service.add("web-1", by="root")

    def machine(
        self, session: str, node: str = "web-1", *, enrol: Callable[[], object] | None = None
    ) -> Presence:
        return Presence(
            "web-1",
            session=session,
            heartbeat=lambda: a_heartbeat(node),
            store=self.store,
            clock=self.clock,
            comparison=self.comparison,
            enrol=enrol,
        )

    @property
    def row(self) -> Host:
        return self.store.rows["web-1"]

    @property
    def trouble(self) -> str | None:
        return self.row.trouble(self.clock.now())

    def live(self, seconds: int, *machines: Presence) -> None:
        """Let time pass; the queue answers these machines once a second."""
        for _ in range(seconds):
            self.clock.freeze(1)
            for it in machines:
                it.answered()


def says(machine: Presence) -> tuple[str | None, str | None]:
    """Give why a worker takes no work, and why it must end."""
    return machine.problem, machine.over
