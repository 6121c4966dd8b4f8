"""What a worker does when something fails: iostat, DynamoDB, the worker itself."""

import pytest

from chalicelib import errors
from chalicelib.tasks.model import State
from tests.support.rig import Rig


def test_an_iostat_that_refuses_is_a_failure_at_once(rig: Rig) -> None:
    task_id = rig.create()

    def refuse(index: int) -> None:
        raise errors.MachineFailed("iostat ended with status 1: no")

    rig.machine.before = refuse
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).error) == (
        State.FAILURE,
        "iostat ended with status 1: no",
    )
    assert rig.dispatcher.sent == []


def test_an_iostat_that_is_killed_is_tried_again_up_to_the_limit(rig: Rig) -> None:
    task_id = rig.create()

    def kill(index: int) -> None:
        raise errors.Killed

    rig.machine.before = kill
    for failures in (1, 2):
        rig.worker.work(task_id)
        assert (rig.task(task_id).state, rig.task(task_id).failures) == (State.STARTED, failures)
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).error) == (
        State.FAILURE,
        "Something outside hoststat ended iostat before its window was over. "
        "This was attempt 3 in a row without a report.",
    )
    # The second attempt gets a hint at once, the third one waits for the sweeper.
    assert rig.dispatcher.sent == [task_id]


def test_an_iostat_that_is_silent_is_tried_again(rig: Rig) -> None:
    task_id = rig.create()

    def be_silent_once(index: int) -> None:
        rig.machine.before = lambda index: None
        raise errors.Silent("iostat wrote no report for 31 s.")

    rig.machine.before = be_silent_once
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).failures) == (State.STARTED, 1)
    assert rig.dispatcher.sent == [task_id]
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).failures) == (State.SUCCESS, 0)


def test_a_report_resets_the_count_of_failures(rig: Rig) -> None:
    task_id = rig.create(count=10)

    def kill(index: int) -> None:
        if index in (2, 4, 6, 8):
            rig.machine.before = kill_no_more
            raise errors.Killed

    def kill_no_more(index: int) -> None:
        rig.machine.before = kill

    rig.machine.before = kill
    for _ in range(5):
        rig.worker.work(task_id)
    assert rig.task(task_id).state is State.SUCCESS
    assert rig.task(task_id).run == 5


def test_a_hand_over_without_a_report_does_not_reset_the_failures(rig: Rig) -> None:
    task_id = rig.create(count=10)

    def kill(index: int) -> None:
        raise errors.Killed

    def leave(index: int) -> None:
        rig.keeper.leave()

    rig.machine.before = kill
    rig.worker.work(task_id)
    rig.dispatcher.sent.clear()
    rig.machine.before = leave
    rig.worker.work(task_id)
    task = rig.task(task_id)
    assert (task.state, task.done, task.failures, task.lease_until) == (State.STARTED, 0, 1, 0)
    assert rig.dispatcher.sent == [task_id]


def test_a_lost_worker_is_replaced_when_its_lease_has_run_out(rig: Rig) -> None:
    task_id = rig.create(count=10)

    def crash(index: int) -> None:
        if index == 4:
            raise KeyboardInterrupt

    rig.machine.before = crash
    with pytest.raises(KeyboardInterrupt):
        rig.worker.work(task_id)
    rig.machine.before = lambda index: None
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

    rig.machine.before = crash
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            rig.worker.work(task_id)
        rig.clock.sleep(100)
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).error) == (
        State.FAILURE,
        "Its worker was lost. This was attempt 3 in a row without a report.",
    )


def test_a_frozen_worker_writes_nothing_when_it_goes_on(rig: Rig) -> None:
    task_id = rig.create(count=10)

    def freeze(index: int) -> None:
        if index == 4:
            rig.clock.freeze(90)

    rig.machine.before = freeze
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).done) == (State.STARTED, 4)
    assert rig.machine.feeds[0].closed


def test_a_worker_whose_monotonic_clock_froze_with_it_writes_nothing_either(rig: Rig) -> None:
    task_id = rig.create(count=10)
    rig.machine.before = lambda index: rig.clock.jump(90) if index == 4 else None
    rig.worker.work(task_id)
    assert rig.task(task_id).done == 4


def test_reports_wait_while_dynamodb_does_not_answer(rig: Rig) -> None:
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
    assert rig.machine.feeds[0].closed
