"""The sweeper: what it does for a task that nobody works on, and when."""

import itertools

import pytest

from chalicelib import errors
from chalicelib.tasks.model import State
from tests.support.rig import Rig


def test_a_lost_hint_is_sent_again_after_longer_and_longer_gaps(rig: Rig) -> None:
    task_id = rig.create()
    sent_at = []
    for second in range(20_000):
        rig.sweeper.sweep()
        if rig.dispatcher.sent:
            assert rig.dispatcher.sent == [task_id]
            sent_at.append(second)
            rig.dispatcher.sent.clear()
        rig.clock.freeze(1)
    gaps = [after - before for before, after in itertools.pairwise(sent_at)]
    assert (sent_at[0], gaps) == (60, [120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600])


def test_a_claim_resets_the_count_of_hints(rig: Rig) -> None:
    task_id = rig.create(count=60, wait=5)
    rig.clock.freeze(60)
    rig.sweeper.sweep()
    assert rig.task(task_id).hints == 1
    rig.worker.work(task_id)
    assert (rig.task(task_id).done, rig.task(task_id).hints) == (21, 0)


def test_a_task_with_a_lease_gets_no_hint(rig: Rig) -> None:
    task_id = rig.create(count=60)
    rig.machine.before = lambda index: rig.sweeper.sweep()
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.dispatcher.sent) == (State.SUCCESS, [])


def test_a_task_gets_a_hint_when_its_lease_and_the_margin_for_clocks_are_over(rig: Rig) -> None:
    task_id = rig.create()
    rig.crash(task_id)
    rig.clock.freeze(98)
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == []
    rig.clock.freeze(2)
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [task_id]
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).run) == (State.SUCCESS, 2)


def test_a_task_that_lost_too_many_workers_is_ended_by_the_sweeper(rig: Rig) -> None:
    task_id = rig.create()
    for _ in range(3):
        rig.crash(task_id)
        rig.clock.freeze(100)
    rig.sweeper.sweep()
    task = rig.task(task_id)
    assert (task.state, task.error, task.due_at) == (
        State.FAILURE,
        "Its worker was lost. This was attempt 3 in a row without a report.",
        None,
    )
    assert rig.dispatcher.sent == []


def test_a_worker_that_was_lost_is_logged_as_a_warning(
    rig: Rig, logged: list[tuple[str, dict[str, object]]]
) -> None:
    task_id = rig.create()
    rig.crash(task_id)
    rig.clock.freeze(100)
    logged.clear()
    rig.sweeper.sweep()
    lost = {"task_id": task_id, "host": "web-1", "run": 1, "silent_s": 100}
    assert logged[0] == ("worker lost", lost)


def test_a_hint_that_cannot_be_sent_is_sent_by_a_later_sweep(rig: Rig) -> None:
    task_id = rig.create()
    rig.clock.freeze(60)
    rig.dispatcher.out = True
    rig.sweeper.sweep()
    rig.dispatcher.out = False
    rig.clock.freeze(120)
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [task_id]


@pytest.mark.parametrize("trouble", [errors.Outage, KeyError])
def test_one_bad_task_does_not_block_the_others(rig: Rig, trouble: type[Exception]) -> None:
    bad = rig.create()
    rig.clock.freeze(1)
    good = rig.create()
    rig.clock.freeze(60)
    looks = iter([trouble(), None])

    def break_the_first(method: str) -> None:
        if method == "move" and (error := next(looks)):
            raise error

    rig.store.before = break_the_first
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [good]
    assert rig.task(bad).hints == 0


def test_the_oldest_come_first_and_the_sweep_stops_in_time(rig: Rig) -> None:
    ids = rig.create_some(5, every=1)
    rig.store.before = lambda method: rig.clock.freeze(10) if method == "move" else None
    rig.sweeper.sweep(seconds=30)
    assert rig.dispatcher.sent == ids[:3]


def test_an_index_that_is_behind_does_no_harm(rig: Rig) -> None:
    """A task on the index may have ended, or be gone, or swept already: only the table decides."""
    ended, gone = rig.create(), rig.create()
    rig.clock.freeze(60)
    stale = list(rig.store.unended("v2", None))
    rig.service.cancel("v2", ended)
    del rig.store.tasks[gone]
    rig.store.unended = lambda version, after: iter(stale)  # type: ignore[method-assign]
    rig.sweeper.sweep()
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == []
    assert rig.task(ended).state is State.REVOKED


def test_of_two_sweepers_one_sends(rig: Rig) -> None:
    task_id = rig.create()
    rig.clock.freeze(60)
    first = iter([True])

    def sweep_in_between(method: str) -> None:
        if method == "move" and next(first, False):
            rig.clock.freeze(1)
            rig.sweeper.sweep()

    rig.store.before = sweep_in_between
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [task_id]


def test_a_task_that_nobody_begins_within_a_day_is_a_failure(rig: Rig) -> None:
    task_id = rig.create()
    rig.clock.freeze(86_400)
    rig.sweeper.sweep()
    assert rig.task(task_id).state is State.QUEUED
    rig.clock.freeze(3600)
    rig.sweeper.sweep()
    task = rig.task(task_id)
    assert (task.state, task.error) == (State.FAILURE, "No worker began it within 24 hours.")


def test_a_task_that_was_begun_is_never_a_failure_for_its_age(rig: Rig) -> None:
    task_id = rig.create(count=60, wait=5)
    rig.worker.work(task_id)
    rig.clock.freeze(90_000)
    rig.sweeper.sweep()
    assert rig.task(task_id).state is State.STARTED


def test_dead_letters_are_logged(rig: Rig, logged: list[tuple[str, dict[str, object]]]) -> None:
    rig.dispatcher.dead = 3
    rig.sweeper.sweep()
    assert ("dead letters", {"depth": 3}) in logged


def test_tasks_are_swept_when_dead_letters_cannot_be_counted(rig: Rig) -> None:
    task_id = rig.create()
    rig.clock.freeze(60)

    def out() -> int:
        raise errors.Outage

    rig.dispatcher.dead_letters = out  # type: ignore[method-assign]
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [task_id]


def test_a_task_that_nobody_finished_in_time_is_ended_by_the_sweeper(rig: Rig) -> None:
    task_id = rig.create(count=2, wait=10)
    rig.crash(task_id)
    rig.clock.freeze(2 * 10 + 30 * 86_400)
    rig.sweeper.sweep()
    assert rig.task(task_id).state is State.STARTED
    rig.clock.freeze(3601)
    rig.sweeper.sweep()
    task = rig.task(task_id)
    assert (task.state, task.ended_at, task.error) == (
        State.FAILURE,
        rig.clock.now(),
        "It was not done in time: a task may take twice its window and 30 days.",
    )


def test_a_lease_of_a_clock_that_was_years_ahead_is_over_at_once(rig: Rig) -> None:
    task_id = rig.create()
    ten_years = 3650 * 86_400
    rig.clock.jump(ten_years)
    rig.crash(task_id)
    rig.clock.jump(-ten_years)
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [task_id]
    rig.worker.work(task_id)
    assert (rig.task(task_id).state, rig.task(task_id).run) == (State.SUCCESS, 2)


@pytest.mark.parametrize("ahead", [99, 180])
def test_a_lease_that_ends_no_later_than_two_leases_from_now_is_kept(rig: Rig, ahead: int) -> None:
    task_id = rig.create()
    rig.crash(task_id)
    task = rig.task(task_id)
    rig.store.tasks[task_id] = task._replace(lease_until=rig.clock.now() + ahead)
    rig.worker.work(task_id)
    assert rig.task(task_id).run == 1
    rig.store.tasks[task_id] = task._replace(lease_until=rig.clock.now() + 180.1)
    rig.worker.work(task_id)
    assert rig.task(task_id).run == 2


def test_a_sweeper_whose_clock_is_off_ends_nothing(
    rig: Rig, logged: list[tuple[str, dict[str, object]]]
) -> None:
    task_id = rig.create()
    ten_years = 3650 * 86_400
    rig.clock.jump(ten_years)
    rig.comparison.off = ten_years
    rig.sweeper.sweep()
    assert rig.task(task_id).state is State.QUEUED
    assert [event for event, _ in logged] == ["task created", "sweep stopped"]
    assert str(logged[1][1]["why"]).startswith("This machine's clock is 315360000 s ahead")
