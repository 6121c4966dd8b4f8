"""A worker's name: one machine has it at a time, and it is lost with the host."""

import pytest

from chalicelib import errors
from chalicelib.hosts.model import PROTOCOL, Host, HostState
from tests.hosts.world import World, says
from tests.support.memory_hosts import MemoryHosts

Logged = list[tuple[str, dict[str, object]]]


@pytest.fixture
def world() -> World:
    return World()


def test_the_first_answer_takes_the_name(world: World) -> None:
    machine = world.machine("one")
    assert says(machine) == ("The name web-1 is not taken yet.", None)
    machine.answered()
    assert says(machine) == (None, None)
    assert world.row == Host(
        host="web-1",
        added_at=world.clock.now(),
        seen_at=world.clock.now(),
        session="one",
        node="web-1",
        system="Linux 6.18.44 x86_64",
        cpus=2,
        source="iostat",
        version="0.2.0",
        uptime="up 5 min",
        windows=3,
        clock_off_s=0,
        protocol=PROTOCOL,
    )


def test_a_heartbeat_is_written_once_a_minute_and_not_in_step(world: World) -> None:
    gaps = []
    for number in range(20):
        world.clock.freeze(1000)
        machine = world.machine("one")
        machine.answered()
        began, seen = world.clock.now(), world.row.seen_at
        while world.row.seen_at == seen:
            world.live(1, machine)
        gaps.append(world.clock.now() - began)
        assert number < 20
    assert 54 <= min(gaps) < max(gaps) <= 67


def test_a_worker_that_is_not_answered_is_not_seen(world: World) -> None:
    machine = world.machine("one")
    machine.answered()
    for _ in range(300):
        world.clock.freeze(1)
        machine.failed()
    assert world.row.state(world.clock.now()) is HostState.OFFLINE
    machine.answered()
    assert world.row.state(world.clock.now()) is HostState.ONLINE


def test_of_two_machines_one_works_and_the_other_is_named(world: World) -> None:
    first, clone = world.machine("one"), world.machine("two", "web-1-clone")
    world.live(100, first, clone)
    assert first.problem is None
    assert clone.problem
    assert clone.problem.startswith("Another machine, node web-1, uses the name web-1, and was ")
    assert world.trouble == "Two machines use this name: node web-1 and node web-1-clone."
    assert (world.row.session, first.over, clone.over) == ("one", None, None)


def test_a_machine_that_is_gone_for_good_is_followed_by_the_other(world: World) -> None:
    first, clone = world.machine("one"), world.machine("two", "web-1-clone")
    world.live(10, first, clone)
    world.live(140, clone)
    assert clone.problem
    world.live(80, clone)
    assert (says(clone)[0], world.row.session, world.trouble) == (None, "two", None)
    # The first one comes back, and is the one too many.
    world.live(70, first, clone)
    assert first.problem
    assert world.trouble == "Two machines use this name: node web-1-clone and node web-1."


def test_a_worker_that_was_killed_works_again_at_its_first_answer(world: World) -> None:
    first, clone = world.machine("one"), world.machine("two")
    world.live(5, first, clone)
    again = world.machine("one")
    again.answered()
    assert again.problem is None
    assert clone.problem


def test_the_trouble_ends_with_the_clone(world: World) -> None:
    first, clone = world.machine("one"), world.machine("two")
    world.live(5, first, clone)
    world.live(149, first)
    assert world.trouble is None
    assert first.problem is None


def test_after_a_goodbye_another_machine_may_follow_at_once(world: World) -> None:
    first = world.machine("one")
    first.answered()
    first.leave()
    assert world.row.state(world.clock.now()) is HostState.LEFT
    second = world.machine("two")
    second.answered()
    assert (second.problem, world.row.state(world.clock.now())) == (None, HostState.ONLINE)
    # The first one is late, and has nothing to say any more.
    first.leave()
    assert world.row.state(world.clock.now()) is HostState.ONLINE


def test_who_never_had_the_name_says_no_goodbye(world: World) -> None:
    first, clone = world.machine("one"), world.machine("two")
    world.live(2, first, clone)
    clone.leave()
    world.machine("three").leave()
    assert world.row.state(world.clock.now()) is HostState.ONLINE


def test_an_outage_of_the_table_is_waited_for(world: World, logged: Logged) -> None:
    class Out(MemoryHosts):
        def look(self, name: str, at: float) -> None:
            raise errors.Outage("away")

        def beat(self, *_: object, **__: object) -> None:
            raise errors.Outage("away")

        def leave(self, *_: object) -> None:
            raise errors.Outage("away")

    machine = world.machine("one")
    real, machine._store = machine._store, Out()
    machine.failed()
    machine.answered()
    assert [event for event, _ in logged] == ["host not looked up", "heartbeat not written"]
    assert machine.problem
    machine._store = real
    world.live(70, machine)
    assert machine.problem is None


def test_a_host_that_cannot_be_added_yet_is_added_at_a_later_look(
    world: World, logged: Logged
) -> None:
    """Its cloud began anew, and was busy once."""
    busy = [errors.Outage("busy")]

    def enrol() -> None:
        if busy:
            raise busy.pop()
        world.service.enrol("web-1")

    machine = world.machine("one", enrol=enrol)
    machine.answered()
    world.store.rows.clear()
    world.clock.freeze(70)
    machine.failed()
    assert logged[-1] == ("host not looked up", {"host": "web-1", "why": "busy"})
    world.clock.freeze(70)
    machine.failed()
    machine.answered()
    assert (says(machine), world.row.session) == ((None, None), "one")


def test_times_are_the_clouds(world: World) -> None:
    """This machine is an hour ahead, and the cloud says so."""
    machine = world.machine("one")
    world.comparison.hear("Fri, 15 Jan 2027 07:00:00 GMT", world.comparison.begin())
    world.clock.freeze(5)
    machine.answered()
    assert world.row.seen_at == world.clock.now() - 3600


def test_it_says_when_it_needs_an_answer(world: World) -> None:
    machine = world.machine("one")
    assert machine.seconds_left() <= 0
    machine.answered()
    assert 54 <= machine.seconds_left() <= 66
    world.clock.freeze(67)
    assert machine.seconds_left() < 0
