"""The sweeper and hosts: hosts that are away, come back, are removed, or lack their queue."""

from typing import Any

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks.model import State
from tests.support.rig import Rig

DAY = 86_400


def create(rig: Rig, **more: Any) -> str:
    task_id = rig.host_tasks.create(Window(3, 1), host="web-7", owner="jluser", **more)
    rig.dispatcher.sent.clear()
    return task_id


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (3 * DAY, "it was last seen 3 days ago"),
        (DAY, "it was last seen 1 day ago"),
        (7300, "it was last seen 2 hours ago"),
        (200, "it was last seen 13 minutes ago"),
        (None, "it has never been seen"),
    ],
)
def test_what_a_host_does_not_begin_in_time_is_a_failure_that_names_it(
    rig: Rig, seen: float | None, said: str
) -> None:
    rig.add_host("web-7", seen=seen)
    task_id = create(rig)
    rig.clock.freeze(600)
    rig.sweeper.sweep()
    assert rig.task(task_id).state is State.QUEUED
    rig.clock.freeze(1)
    rig.sweeper.sweep()
    task = rig.task(task_id)
    error = f"web-7 did not begin it within 600 s; {said}."
    assert (task.state, task.error) == (State.FAILURE, error)
    assert rig.dispatcher.sent == []


def test_a_host_that_is_online_and_does_not_begin_it_is_named_too(rig: Rig) -> None:
    rig.add_host("web-7")
    task_id = create(rig, start_within=30)
    rig.clock.freeze(31)
    rig.add_host("web-7", seen=1)
    rig.sweeper.sweep()
    said = "web-7 did not begin it within 30 s; it was last seen 1 second ago."
    assert rig.task(task_id).error == said


def test_a_host_that_is_away_gets_no_hints_and_one_when_it_is_back(rig: Rig) -> None:
    rig.add_host("web-7", seen=200)
    task_id = create(rig, start_within=14 * DAY)
    for _ in range(10):
        rig.clock.freeze(60)
        rig.sweeper.sweep()
    assert (rig.dispatcher.sent, rig.task(task_id).hints) == ([], 0)
    rig.add_host("web-7")
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [task_id]


def test_it_gets_one_at_once_when_it_had_many_before_it_left(rig: Rig) -> None:
    rig.add_host("web-7")
    task_id = create(rig, start_within=14 * DAY)
    for _ in range(60):
        rig.clock.freeze(60)
        rig.add_host("web-7")
        rig.sweeper.sweep()
    assert rig.task(task_id).hints == 5
    rig.dispatcher.sent.clear()
    rig.clock.freeze(200)
    rig.sweeper.sweep()
    rig.add_host("web-7")
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [task_id]


def test_a_task_that_a_host_measures_is_left_alone_while_it_is_not_seen(rig: Rig) -> None:
    rig.add_host("web-7", seen=200)
    task_id = create(rig)
    rig.machine.before = lambda index: rig.sweeper.sweep()
    rig.worker_of("web-7").work(task_id)
    assert rig.task(task_id).state is State.SUCCESS


def test_the_tasks_of_a_removed_host_end(rig: Rig) -> None:
    rig.add_host("web-7")
    waiting, begun = create(rig), create(rig)
    rig.worker = rig.worker_of("web-7")
    rig.crash(begun)
    rig.hosts.remove("web-7", rig.clock.now(), kept_until=rig.clock.now() + DAY)
    rig.sweeper.sweep()
    assert rig.task(waiting).state is State.FAILURE
    assert rig.task(begun).state is State.STARTED
    rig.clock.freeze(100)
    rig.sweeper.sweep()
    for task_id in (waiting, begun):
        task = rig.task(task_id)
        assert (task.state, task.error) == (
            State.FAILURE,
            "web-7 was removed from the hosts.",
        )


def test_a_host_without_a_queue_gets_one(rig: Rig) -> None:
    rig.add_host("web-7")
    task_id = create(rig)
    send = rig.dispatcher.send

    def send_if_there(task_id: str, version: str) -> None:
        if "web-7" not in rig.queues.names:
            raise errors.NoQueue
        send(task_id, version)

    rig.dispatcher.send = send_if_there  # type: ignore[method-assign]
    rig.clock.freeze(60)
    rig.sweeper.sweep()
    assert (rig.queues.names, rig.dispatcher.sent) == ({"web-7"}, [task_id])


def test_a_host_that_is_removed_during_a_sweep_gets_no_queue(rig: Rig) -> None:
    rig.add_host("web-7")
    task_id = create(rig)

    sent: list[str] = []

    def removed_first(task_id: str, version: str) -> None:
        if not sent:
            rig.parts.hosts.remove("web-7", by="root")
        sent.append(task_id)
        raise errors.NoQueue

    rig.dispatcher.send = removed_first  # type: ignore[method-assign]
    rig.clock.freeze(60)
    rig.sweeper.sweep()
    assert (rig.queues.names, sent) == (set(), [task_id])
    rig.sweeper.sweep()
    assert rig.task(task_id).error == "web-7 was removed from the hosts."


def test_a_queue_of_a_version_is_not_made(
    rig: Rig, logged: list[tuple[str, dict[str, object]]]
) -> None:
    task_id = rig.create()

    def no_queue(task_id: str, version: str) -> None:
        raise errors.NoQueue

    rig.dispatcher.send = no_queue  # type: ignore[method-assign]
    rig.clock.freeze(60)
    rig.sweeper.sweep()
    assert rig.queues.names == set()
    why = {"task_id": task_id, "why": "A queue does not exist."}
    assert ("task not swept", why) in logged


def test_the_tasks_of_a_host_that_was_removed_are_not_for_another_one_of_its_name(
    rig: Rig,
) -> None:
    rig.add_host("web-7")
    old = create(rig)
    rig.parts.hosts.remove("web-7", by="root")
    # Nobody swept meanwhile.
    rig.clock.freeze(65)
    rig.parts.hosts.add("web-7", by="root")
    rig.clock.freeze(1)
    new = create(rig)
    rig.clock.freeze(61)
    rig.add_host("web-7")
    rig.sweeper.sweep()
    said = "web-7 was removed from the hosts."
    assert (rig.task(old).state, rig.task(old).error) == (State.FAILURE, said)
    assert rig.dispatcher.sent == [new]


def test_a_clock_that_was_ahead_when_a_host_was_added_harms_none_of_its_tasks(rig: Rig) -> None:
    rig.clock.freeze(600)
    rig.parts.hosts.add("web-7", by="root")
    rig.clock.freeze(-600)
    task_id = create(rig)
    rig.sweeper.sweep()
    rig.add_host("web-7")
    rig.clock.freeze(61)
    rig.sweeper.sweep()
    assert (rig.task(task_id).state, rig.dispatcher.sent) == (State.QUEUED, [task_id])
