"""Bounds: how many open tasks those who are not logged in may have."""

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from tests.support.rig import SETTINGS, Rig

HERE, THERE = "198.51.100.7", "198.51.100.8"


@pytest.fixture
def rig() -> Rig:
    return Rig(SETTINGS._replace(open_tasks=6, open_tasks_per_source=3))


def create(rig: Rig, source: str = HERE, key: str | None = None) -> str:
    return rig.service.create("v2", Window(1, 1), source=source, key=key)


def test_a_source_may_have_so_many_open_tasks_and_no_more(rig: Rig) -> None:
    for _ in range(3):
        create(rig)
    with pytest.raises(errors.TooManyTasks) as refused:
        create(rig)
    assert str(refused.value) == (
        "This address has 3 open tasks, the most that it may have; cancel one, or try again "
        "in 10 s."
    )
    assert refused.value.seconds == 10
    assert len(rig.store.tasks) == 3


@pytest.mark.parametrize("end", ["cancel", "success", "failure"])
def test_a_task_that_ends_makes_room_at_once(rig: Rig, end: str) -> None:
    *_, last = [create(rig) for _ in range(3)]
    if end == "cancel":
        rig.service.cancel("v2", last)
    elif end == "success":
        rig.worker.work(last)
    else:
        rig.clock.freeze(90_000)
        rig.sweeper.sweep()
    create(rig)


def test_another_source_has_room_of_its_own(rig: Rig) -> None:
    for _ in range(3):
        create(rig)
    create(rig, THERE)


def test_a_repeated_create_gets_its_task_however_many_are_open(rig: Rig) -> None:
    first = create(rig, key="a")
    for _ in range(2):
        create(rig)
    assert create(rig, key="a") == first
    with pytest.raises(errors.TooManyTasks):
        create(rig, key="b")
    rig.clock.freeze(86_400)
    with pytest.raises(errors.TooManyTasks):
        create(rig, key="a")


def test_tasks_of_all_sources_are_bounded_by_what_the_last_sweep_has_counted(rig: Rig) -> None:
    for number in range(6):
        create(rig, f"203.0.113.{number}")
    create(rig)
    rig.sweeper.sweep()
    rig.clock.freeze(11)
    with pytest.raises(errors.TooManyTasks) as refused:
        create(rig, THERE)
    assert str(refused.value) == "Too many tasks are open here; try again in 60 s."
    assert refused.value.seconds == 60
    for task_id in list(rig.store.tasks)[:2]:
        rig.service.cancel("v2", task_id)
    rig.sweeper.sweep()
    rig.clock.freeze(11)
    create(rig, THERE)


def test_where_nobody_sweeps_all_are_counted(rig: Rig) -> None:
    for number in range(6):
        create(rig, f"203.0.113.{number}")
    rig.clock.freeze(11)
    with pytest.raises(errors.TooManyTasks, match="Too many tasks are open here"):
        create(rig, THERE)


def test_all_addresses_of_one_network_of_ipv6_are_one_source(rig: Rig) -> None:
    for number in range(3):
        create(rig, f"2001:db8:1:2::{number}")
    with pytest.raises(errors.TooManyTasks):
        create(rig, "2001:db8:1:2:ffff::1")
    create(rig, "2001:db8:1:3::1")


def test_users_are_not_bounded(rig: Rig) -> None:
    for _ in range(7):
        rig.service.create("v3", Window(1, 1), owner="jluser", source=HERE)
    rig.sweeper.sweep()
    rig.clock.freeze(11)
    create(rig)


def test_far_below_a_wide_bound_not_every_create_is_counted() -> None:
    rig = Rig(SETTINGS._replace(open_tasks_per_source=300))
    asked: list[str] = []
    rig.store.before = asked.append
    for _ in range(8):
        create(rig)
    # Of the room for 300, and then for 296, a hundredth is used before the next count.
    assert asked.count("count_opened_by") == 3
    create(rig, THERE)
    assert asked.count("count_opened_by") == 4


def test_a_wide_bound_is_exact_in_the_end() -> None:
    rig = Rig(SETTINGS._replace(open_tasks_per_source=250))
    for _ in range(250):
        create(rig)
    with pytest.raises(errors.TooManyTasks):
        create(rig)
