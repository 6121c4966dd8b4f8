"""A worker: what it does with a hint, and how a window can end."""

import dataclasses
import json

import pytest

from chalicelib import errors
from chalicelib.aws import sqs as dispatch
from chalicelib.measure.model import Window
from chalicelib.tasks.keeper import Stop
from chalicelib.tasks.model import State, Task
from tests.support.rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


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
    assert rig.host.feeds[0].closed
    assert rig.dispatcher.sent == []


def test_reports_outlive_their_task(rig: Rig) -> None:
    task_id = rig.create(count=3, wait=10)
    rig.worker.work(task_id)
    kept = 8 * 86_400
    assert rig.store.report_expiry == {
        (task_id, 0): 1000 + 60 + kept,
        (task_id, 1): 1010 + 40 + kept,
    }


def test_a_hint_that_comes_again_changes_nothing(rig: Rig) -> None:
    task_id = rig.create()
    rig.worker.work(task_id)
    before = rig.task(task_id)
    rig.worker.work(task_id)
    assert rig.task(task_id) == before
    assert len(rig.host.feeds) == 1


def test_a_hint_for_a_task_that_somebody_holds_is_not_needed(rig: Rig) -> None:
    task_id = rig.create()
    rig.host.before = lambda index: rig.worker.work(task_id) if index == 1 else None
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).run) == (State.SUCCESS, 1)
    assert len(rig.host.feeds) == 1


def test_a_cancelled_task_never_runs(rig: Rig) -> None:
    task_id = rig.create()
    rig.store.cancel(task_id, "v2", 1000, 2000)
    rig.worker.work(task_id)
    assert rig.host.feeds == []


def test_a_task_cancelled_in_its_middle_keeps_its_reports(rig: Rig) -> None:
    task_id = rig.create(count=60)

    def cancel(index: int) -> None:
        if index == 2:
            rig.store.cancel(task_id, "v2", rig.clock.now(), 10**10)
            rig.clock.sleep(2)

    rig.host.before = cancel
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.texts(task_id)) == (
        State.REVOKED,
        ["report 0\n", "report 1\n"],
    )
    assert rig.host.feeds[0].closed


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
    assert rig.host.feeds[0].closed
    while rig.task(task_id).state is State.STARTED:
        rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).run) == (State.SUCCESS, 3)
    assert rig.texts(task_id) == [f"report {index}\n" for index in range(60)]


def test_a_run_takes_one_report_at_least(rig: Rig) -> None:
    task_id = rig.create(count=3, wait=1000)
    for done in (1, 2, 3):
        rig.worker.work(task_id)
        assert rig.task(task_id).done == done
        rig.clock.sleep(1)
    assert rig.task(task_id).state is State.SUCCESS


def test_an_invocation_that_ends_sooner_shortens_the_run(rig: Rig) -> None:
    task_id = rig.create(count=60, wait=5)
    rig.worker.take(dispatch.encode(task_id), seconds=40)
    assert rig.task(task_id).done == 3


def test_a_handed_over_window_waits_for_the_sweeper_if_the_queue_is_out(rig: Rig) -> None:
    task_id = rig.create(count=60, wait=5)
    rig.dispatcher.out = True
    rig.worker.work(task_id)
    assert rig.task(task_id).lease_until == 0
    assert rig.task(task_id).due_at is not None


def test_an_iostat_that_refuses_is_a_failure_at_once(rig: Rig) -> None:
    task_id = rig.create()

    def refuse(index: int) -> None:
        raise errors.MachineFailed("iostat ended with status 1: no")

    rig.host.before = refuse
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).error) == (
        State.FAILURE,
        "iostat ended with status 1: no",
    )
    assert rig.dispatcher.sent == []


def test_an_iostat_that_is_killed_is_tried_again_and_not_for_ever(rig: Rig) -> None:
    task_id = rig.create()

    def kill(index: int) -> None:
        raise errors.Killed

    rig.host.before = kill
    for failures in (1, 2):
        rig.worker.work(task_id)
        assert (rig.task(task_id).state, rig.task(task_id).failures) == (State.STARTED, failures)
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).error) == (
        State.FAILURE,
        "iostat was ended from outside before it was done. "
        "This was attempt 3 in a row without a report.",
    )
    # Once more at once; after that it waits for the sweeper.
    assert rig.dispatcher.sent == [task_id]


def test_a_report_forgives_the_failures_before_it(rig: Rig) -> None:
    task_id = rig.create(count=10)

    def kill(index: int) -> None:
        if index in (2, 4, 6, 8):
            rig.host.before = kill_no_more
            raise errors.Killed

    def kill_no_more(index: int) -> None:
        rig.host.before = kill

    rig.host.before = kill
    for _ in range(5):
        rig.worker.work(task_id)
    assert rig.task(task_id).state is State.SUCCESS
    assert rig.task(task_id).run == 5


def test_a_lost_worker_is_replaced_when_its_lease_has_run_out(rig: Rig) -> None:
    task_id = rig.create(count=10)

    def crash(index: int) -> None:
        if index == 4:
            raise KeyboardInterrupt

    rig.host.before = crash
    with pytest.raises(KeyboardInterrupt):
        rig.worker.work(task_id)
    rig.host.before = lambda index: None
    rig.worker.work(task_id)
    assert (rig.task(task_id).run, rig.task(task_id).done) == (1, 4)
    rig.clock.sleep(100)
    rig.worker.work(task_id)
    task = rig.task(task_id)
    assert (task.state, task.run, task.done, task.failures) == (State.SUCCESS, 2, 10, 0)
    assert [report.run for report in rig.store.reports(task)] == [1] * 4 + [2] * 6


def test_a_task_that_loses_every_worker_is_a_failure(rig: Rig) -> None:
    task_id = rig.create()

    def crash(index: int) -> None:
        raise KeyboardInterrupt

    rig.host.before = crash
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            rig.worker.work(task_id)
        rig.clock.sleep(100)
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).error) == (
        State.FAILURE,
        "Its worker was lost 3 times in a row without a report between.",
    )


def test_a_frozen_worker_writes_nothing_when_it_thaws(rig: Rig) -> None:
    task_id = rig.create(count=10)

    def freeze(index: int) -> None:
        if index == 4:
            rig.clock.freeze(90)

    rig.host.before = freeze
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).done) == (State.STARTED, 4)
    assert rig.host.feeds[0].closed


def test_a_worker_whose_monotonic_clock_froze_with_it_writes_nothing_either(rig: Rig) -> None:
    task_id = rig.create(count=10)
    rig.host.before = lambda index: rig.clock.jump(90) if index == 4 else None
    rig.worker.work(task_id)
    assert rig.task(task_id).done == 4


def test_a_leaving_worker_gives_its_windows_back(rig: Rig) -> None:
    task_id = rig.create(count=10)
    rig.host.before = lambda index: rig.leases.leave() if index == 4 else None
    rig.worker.work(task_id)
    task = rig.task(task_id)
    assert (task.state, task.done, task.lease_until, task.failures) == (State.STARTED, 4, 0, 0)
    assert rig.dispatcher.sent == [task_id]


def test_reports_wait_while_dynamodb_is_out(rig: Rig) -> None:
    task_id = rig.create(count=3)
    outages = iter([True, True, False, False, True, False])

    def flaky(method: str) -> None:
        if method == "put_report" and next(outages):
            raise errors.Outage

    rig.store.before = flaky
    rig.worker.work(task_id)
    assert rig.task(task_id).state is State.SUCCESS


def test_a_worker_gives_up_on_dynamodb_before_its_lease_ends(rig: Rig) -> None:
    task_id = rig.create(count=3)

    def out(method: str) -> None:
        if method != "claim":
            raise errors.Outage

    rig.store.before = out
    rig.worker.work(task_id)
    assert rig.clock.now() <= 1000 + 90 * 0.75 + 1
    assert rig.host.feeds[0].closed


@pytest.mark.parametrize("body", ["", "{}", json.dumps({"v": 2, "task_id": "x"})])
def test_a_message_that_cannot_be_read_is_acknowledged(rig: Rig, body: str) -> None:
    rig.worker.take(body)
    assert rig.host.feeds == []


def test_the_keeper_extends_a_lease_when_it_is_time(rig: Rig) -> None:
    task_id = rig.create(count=3, wait=40)
    seen = []

    def look(index: int) -> None:
        seen.append((rig.task(task_id).lease_until, rig.task(task_id).due_at))

    rig.host.before = look
    rig.worker.work(task_id)
    assert seen == [(1090, 1099), (1120, 1129), (1160, 1169)]


@pytest.mark.parametrize("by", ["beat", "look"])
def test_the_keeper_stops_a_window_that_somebody_else_took(rig: Rig, by: str) -> None:
    task_id = rig.create(count=60)

    def take_over(index: int) -> None:
        if index == 1:
            task = rig.task(task_id)
            rig.store.tasks[task_id] = dataclasses.replace(task, run=2, token="other")
            if by == "beat":
                rig.clock.freeze(20)
            rig.leases.tick()

    rig.host.before = take_over
    rig.worker.work(task_id)
    assert (rig.task(task_id).done, rig.host.feeds[0].closed) == (1, True)


def test_the_keeper_outlives_an_outage(rig: Rig) -> None:
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
            (hold,) = rig.leases.held()
            hold.stop(Stop.LOST)
            hold.stop(Stop.LEAVING)

    rig.host.before = both
    rig.worker.work(task_id)
    assert rig.task(task_id).lease_until == 1090
