"""A worker whose host is not there: it was removed, or nobody has added it."""

import pytest

from tests.hosts.world import World

Logged = list[tuple[str, dict[str, object]]]


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("answers", [True, False])
def test_a_worker_ends_soon_after_its_host_was_removed(
    world: World, answers: bool, logged: Logged
) -> None:
    machine = world.machine("one", enrol=lambda: world.service.enrol("web-1"))
    machine.answered()
    world.service.remove("web-1", by="root")
    seconds = 0
    while not machine.over:
        seconds += 1
        world.clock.freeze(1)
        (machine.answered if answers else machine.failed)()
    assert seconds <= 67
    assert (
        machine.over
        == machine.problem
        == ("The host web-1 was removed: this worker works for it no more.")
    )
    assert logged[-1] == ("host not there", {"host": "web-1", "why": machine.over})
    machine.leave()
    assert world.row.seen_at is None


def test_a_host_that_nobody_added_has_no_worker(world: World) -> None:
    world.store.rows.clear()
    for ask in ("answered", "failed"):
        machine = world.machine("one")
        getattr(machine, ask)()
        assert machine.over == ("There is no host web-1; an admin adds it by PUT /v3/hosts/web-1.")


@pytest.mark.parametrize("ask", ["answered", "failed"])
def test_on_a_laptop_a_worker_adds_its_host(world: World, ask: str) -> None:
    world.store.rows.clear()
    world.queues.names.clear()
    machine = world.machine("one", enrol=lambda: world.service.enrol("web-1"))
    getattr(machine, ask)()
    assert (machine.over, world.queues.names) == (None, {"web-1"})
    machine.answered()
    assert (machine.problem, world.row.session) == (None, "one")


@pytest.mark.parametrize("ask", ["answered", "failed"])
def test_on_a_laptop_a_worker_adds_its_host_again_when_the_cloud_has_forgotten_it(
    world: World, ask: str
) -> None:
    machine = world.machine("one", enrol=lambda: world.service.enrol("web-1"))
    machine.answered()
    world.store.rows.clear()
    world.queues.names.clear()
    world.clock.freeze(67)
    getattr(machine, ask)()
    assert (machine.over, world.queues.names) == (None, {"web-1"})
    machine.answered()
    assert (machine.problem, world.row.session) == (None, "one")


def test_but_not_soon_after_somebody_has_removed_it(world: World) -> None:
    world.service.remove("web-1", by="root")
    world.clock.freeze(599)
    machine = world.machine("one", enrol=lambda: world.service.enrol("web-1"))
    machine.failed()
    assert machine.over == (
        "The host 'web-1' was removed a moment ago; its name is free again in 1 s."
    )
    world.clock.freeze(1)
    machine = world.machine("one", enrol=lambda: world.service.enrol("web-1"))
    machine.failed()
    machine.answered()
    assert (machine.over, machine.problem) == (None, None)


def test_a_queue_that_is_missing_proves_nothing(world: World) -> None:
    machine = world.machine("one")
    world.queues.names.clear()
    machine.failed()
    assert machine.over is None
