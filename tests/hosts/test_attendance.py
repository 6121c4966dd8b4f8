"""Whether anybody works."""

import pytest

from chalicelib import errors
from chalicelib.comparison import Comparison
from chalicelib.hosts.attendance import Attendance, Attending
from chalicelib.hosts.model import Host
from tests.support.fakes import FakeClock
from tests.support.memory_hosts import MemoryHosts


class World:
    """A registry, and workers."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), MemoryHosts()
        self.comparison = Comparison(self.clock)
        #: Why the workers take no work.
        self.problem: str | None = None

    def attendance(self, *, on_lambda: bool = False) -> Attendance:
        return Attendance(store=self.store, clock=self.clock, on_lambda=on_lambda)

    def worker(self, name: str) -> Attending:
        return Attending(
            name,
            store=self.store,
            clock=self.clock,
            comparison=self.comparison,
            problem=lambda: self.problem,
        )

    def host(self, name: str, ago: float, **more: object) -> None:
        seen_at = self.clock.now() - ago
        row = Host(host=name, added_at=1, seen_at=seen_at)
        self.store.rows[name] = row._replace(**more)  # type: ignore[arg-type]


@pytest.fixture
def world() -> World:
    return World()


def test_nobody_has_ever_worked(world: World) -> None:
    said = "No worker has been seen for 2 minutes; tasks wait."
    with pytest.raises(errors.NoWorker, match=said):
        world.attendance().count()
    assert world.attendance().waiting() == said


def test_workers_with_and_without_names_are_counted(world: World) -> None:
    for name in ("a", "b"):
        world.worker(name).answered()
    world.host("web-1", ago=5)
    world.host("web-2", ago=109)
    world.host("web-3", ago=110)
    world.host("web-4", ago=5, left_at=1)
    world.host("web-5", ago=5, shares=1)
    assert world.attendance().count() == 4
    assert world.attendance().waiting() is None


def test_lambda_counts_as_one(world: World) -> None:
    assert world.attendance(on_lambda=True).count() == 1
    assert world.attendance(on_lambda=True).waiting() is None


def test_a_worker_of_a_host_takes_no_other_tasks(world: World) -> None:
    world.host("web-1", ago=5)
    assert world.attendance().count() == 1
    assert world.attendance().waiting() == "No worker has been seen for 2 minutes; tasks wait."


def test_workers_that_take_no_work_do_not_count(world: World) -> None:
    worker = world.worker("a")
    world.problem = "This worker's clock is 3600 s ahead: set it."
    worker.answered()
    world.host("web-1", ago=5, problem=world.problem)
    said = "No worker has been seen for 2 minutes; tasks wait."
    with pytest.raises(errors.NoWorker, match=said):
        world.attendance().count()
    assert world.attendance().waiting() == said
    world.problem = None
    worker.answered()
    assert world.attendance().count() == 1


def test_a_worker_that_is_gone_is_missed_within_two_minutes(world: World) -> None:
    worker = world.worker("a")
    for _ in range(200):
        worker.answered()
        world.clock.freeze(1)
        assert world.attendance().count() == 1
    world.clock.freeze(110)
    with pytest.raises(errors.NoWorker, match="seen for 2 minutes"):
        world.attendance().count()
    world.clock.freeze(600)
    said = world.attendance().waiting()
    assert said
    assert said.split(" for ")[1].split()[0] in ("11", "12")


def test_a_worker_notes_itself_once_a_minute(world: World) -> None:
    worker, notes = world.worker("a"), set()
    for _ in range(600):
        worker.answered()
        notes.add(world.store.workers["a"].seen_at)
        world.clock.freeze(1)
    assert 9 <= len(notes) <= 12


def test_a_note_that_cannot_be_written_does_no_harm(
    world: World, logged: list[tuple[str, dict[str, object]]]
) -> None:
    class Out(MemoryHosts):
        def attend(self, *_: object, **__: object) -> None:
            raise errors.Outage("away")

    world.store = Out()
    world.worker("a").answered()
    assert logged == [("attendance not noted", {"why": "away"})]
