"""A worker: what it does with a hint, and how a window can end."""

import json

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks import hint
from chalicelib.tasks.keeper import Stop
from chalicelib.tasks.model import State, Task
from tests.support.rig import Rig


def test_a_window_is_measured_to_its_end(rig: Rig) -> None:
    task_id = rig.create(count=3, wait=1)
    rig.worker.work(task_id)
    task = rig.task(task_id)
    assert task == Task(
        task_id=task_id,
        version="v2",
        window=Window(3, 1),
        created_at=1000,
        state=State.SUCCESS,
        started_at=1000,
        ended_at=1002,
        expires_at=1002 + 7 * 86_400,
        run=1,
        token=task.token,
        lease_until=1090,
        done=3,
        reported_at=1002,
        host="web-1",
        source="iostat",
        last="report 2\n",
    )
    assert rig.texts(task_id) == ["report 0\n", "report 1\n", "report 2\n"]
    assert rig.machine.feeds[0].closed
    assert rig.dispatcher.sent == []


def test_reports_expire_after_their_task(rig: Rig) -> None:
    task_id = rig.create(count=3, wait=10)
    rig.worker.work(task_id)
    until = 1000 + 2 * 20 + (30 + 7 + 2) * 86_400
    assert rig.store.report_expiry == {(task_id, 0): until, (task_id, 1): until}


def test_a_hint_that_comes_again_changes_nothing(rig: Rig) -> None:
    task_id = rig.create()
    rig.worker.work(task_id)
    before = rig.task(task_id)
    rig.worker.work(task_id)
    assert rig.task(task_id) == before
    assert len(rig.machine.feeds) == 1


def test_a_hint_for_a_task_with_a_lease_changes_nothing(rig: Rig) -> None:
    task_id = rig.create()
    rig.machine.before = lambda index: rig.worker.work(task_id) if index == 1 else None
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).run) == (State.SUCCESS, 1)
    assert len(rig.machine.feeds) == 1


def test_a_cancelled_task_never_runs(rig: Rig) -> None:
    task_id = rig.create()
    rig.store.cancel(task_id, "v2", 1000, 2000)
    rig.worker.work(task_id)
    assert rig.machine.feeds == []


def test_a_task_that_is_cancelled_while_it_runs_keeps_its_reports(rig: Rig) -> None:
    task_id = rig.create(count=60)

    def cancel(index: int) -> None:
        if index == 2:
            rig.store.cancel(task_id, "v2", rig.clock.now(), 10**10)
            rig.clock.sleep(2)

    rig.machine.before = cancel
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.texts(task_id)) == (
        State.REVOKED,
        ["report 0\n", "report 1\n"],
    )
    assert rig.machine.feeds[0].closed


def test_a_window_longer_than_a_run_is_handed_over(rig: Rig) -> None:
    task_id = rig.create(count=60, wait=5)
    rig.worker.work(task_id)
    task = rig.task(task_id)
    assert (task.state, task.done, task.lease_until, task.due_at) == (
        State.STARTED,
        21,
        0,
        1000 + 100 + 60,
    )
    assert rig.dispatcher.sent == [task_id]
    assert rig.machine.feeds[0].closed
    while rig.task(task_id).state is State.STARTED:
        rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).run) == (State.SUCCESS, 3)
    assert rig.texts(task_id) == [f"report {index}\n" for index in range(60)]


def test_a_run_that_takes_over_goes_on_with_the_options_of_the_window(rig: Rig) -> None:
    window = Window(60, 5, extended=True, cpu=True)
    task_id = rig.service.create("v2", window)
    while rig.task(task_id).state is not State.SUCCESS:
        rig.worker.work(task_id)
    assert [feed.window for feed in rig.machine.feeds] == [window] * 3


def test_a_run_stores_at_least_one_report(rig: Rig) -> None:
    task_id = rig.create(count=3, wait=1000)
    for done in (1, 2, 3):
        rig.worker.work(task_id)
        assert rig.task(task_id).done == done
        rig.clock.sleep(1)
    assert rig.task(task_id).state is State.SUCCESS


def test_an_invocation_that_ends_sooner_shortens_the_run(rig: Rig) -> None:
    task_id = rig.create(count=60, wait=5)
    rig.worker.take(hint.encode(task_id), seconds=40)
    assert rig.task(task_id).done == 3


def test_a_handed_over_window_waits_for_the_sweeper_if_no_hint_can_be_sent(rig: Rig) -> None:
    task_id = rig.create(count=60, wait=5)
    rig.dispatcher.out = True
    rig.worker.work(task_id)
    assert rig.task(task_id).lease_until == 0
    assert rig.task(task_id).due_at is not None


def test_a_leaving_worker_gives_its_windows_back(rig: Rig) -> None:
    task_id = rig.create(count=10)
    rig.machine.before = lambda index: rig.keeper.leave() if index == 4 else None
    rig.worker.work(task_id)
    task = rig.task(task_id)
    assert (task.state, task.done, task.lease_until, task.failures) == (State.STARTED, 4, 0, 0)
    assert rig.dispatcher.sent == [task_id]


@pytest.mark.parametrize("body", ["", "{}", json.dumps({"v": 2, "task_id": "x"})])
def test_a_message_that_cannot_be_read_is_acknowledged(rig: Rig, body: str) -> None:
    rig.worker.take(body)
    assert rig.machine.feeds == []


def test_the_keeper_extends_a_lease_when_it_is_time(rig: Rig) -> None:
    task_id = rig.create(count=3, wait=40)
    seen = []

    def look(index: int) -> None:
        seen.append((rig.task(task_id).lease_until, rig.task(task_id).due_at))

    rig.machine.before = look
    rig.worker.work(task_id)
    assert seen == [(1090, 1099), (1120, 1129), (1160, 1169)]


@pytest.mark.parametrize("by", ["beat", "look"])
def test_the_keeper_stops_a_window_that_another_run_has_taken_over(rig: Rig, by: str) -> None:
    task_id = rig.create(count=60)

    def take_over(index: int) -> None:
        if index == 1:
            task = rig.task(task_id)
            rig.store.tasks[task_id] = task._replace(run=2, token="other")
            if by == "beat":
                rig.clock.freeze(20)
            rig.keeper.tick()

    rig.machine.before = take_over
    rig.worker.work(task_id)
    assert (rig.task(task_id).done, rig.machine.feeds[0].closed) == (1, True)


def test_the_keeper_goes_on_after_an_outage(rig: Rig) -> None:
    task_id = rig.create(count=3)

    def out(method: str) -> None:
        if method == "get_many":
            raise errors.Outage

    rig.store.before = out
    rig.worker.work(task_id)
    assert rig.task(task_id).state is State.SUCCESS


def test_the_first_reason_to_stop_counts(rig: Rig) -> None:
    task_id = rig.create(count=3)

    def both(index: int) -> None:
        if index == 1:
            (measurement,) = rig.keeper.measurements()
            measurement.stop(Stop.LOST)
            measurement.stop(Stop.LEAVING)

    rig.machine.before = both
    rig.worker.work(task_id)
    assert rig.task(task_id).lease_until == 1090


def test_a_worker_whose_clock_is_off_takes_no_work_until_it_is_right_again(rig: Rig) -> None:
    task_id = rig.create()
    rig.comparison.off = -9.1
    with pytest.raises(errors.ClockOff, match="clock is 9 s behind the cloud's; it may be 9 s off"):
        rig.worker.take(hint.encode(task_id))
    assert rig.task(task_id).state is State.QUEUED
    rig.comparison.off = 9
    rig.worker.take(hint.encode(task_id))
    assert rig.task(task_id).state is State.SUCCESS
