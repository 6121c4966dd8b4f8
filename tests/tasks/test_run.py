"""A run: its lease, and the two threads that write for it."""

from typing import Any

import pytest

from chalicelib import errors
from chalicelib.tasks import model
from chalicelib.tasks.model import State
from chalicelib.tasks.ports import Refused
from chalicelib.tasks.run import Run
from tests.support.rig import SETTINGS, Rig


def begin(rig: Rig, count: int = 10, wait: int = 1) -> Run:
    return rig.claim(rig.create(count, wait))


def stored(rig: Rig, a_run: Run) -> tuple[State, int, float, float | None]:
    task = rig.task(a_run.task.task_id)
    return task.state, task.done, task.lease_until, task.due_at


def test_a_heartbeat_extends_the_lease_when_it_is_due(rig: Rig) -> None:
    a_run = begin(rig)
    rig.clock.freeze(14)
    a_run.beat()
    assert stored(rig, a_run) == (State.STARTED, 0, 1090, 1099)
    rig.clock.freeze(1)
    a_run.beat()
    assert stored(rig, a_run) == (State.STARTED, 0, 1105, 1114)


@pytest.mark.parametrize(("wait", "young", "old"), [(1, 13, 14), (10, 4, 5)])
def test_a_report_extends_the_lease_if_a_heartbeat_is_due_before_the_next_report(
    rig: Rig, wait: int, young: int, old: int
) -> None:
    a_run = begin(rig, wait=wait)
    rig.clock.freeze(young)
    a_run.report("0")
    assert stored(rig, a_run) == (State.STARTED, 1, 1090, 1099)
    rig.clock.freeze(old - young)
    a_run.report("1")
    assert stored(rig, a_run) == (State.STARTED, 2, 1090 + old, 1099 + old)
    rig.clock.freeze(14)
    a_run.beat()
    assert stored(rig, a_run) == (State.STARTED, 2, 1090 + old, 1099 + old)


def test_a_heartbeat_after_the_hand_over_writes_nothing(rig: Rig) -> None:
    a_run = begin(rig)
    a_run.give_back()
    rig.clock.freeze(20)
    a_run.beat()
    assert stored(rig, a_run) == (State.STARTED, 0, 0, 1060)


def test_a_heartbeat_after_the_end_writes_nothing(rig: Rig) -> None:
    a_run = begin(rig, count=1)
    a_run.report("0")
    rig.clock.freeze(20)
    a_run.beat()
    assert stored(rig, a_run) == (State.SUCCESS, 1, 1090, None)


@pytest.mark.parametrize("write", ["report", "give_back"])
def test_a_heartbeat_writes_nothing_during_another_write(rig: Rig, write: str) -> None:
    """Call `beat` in the middle of a write, as the keeper's thread may do."""
    a_run = begin(rig)
    rig.clock.freeze(20)
    beats: list[str] = []

    def beat(method: str) -> None:
        if method == "move" and not beats:
            beats.append(method)
            a_run.beat()

    rig.store.before = beat
    a_run.report("0") if write == "report" else a_run.give_back()
    assert beats == ["move"]
    assert rig.task(a_run.task.task_id) == a_run.task


def test_a_heartbeat_that_arrives_after_the_hand_over_is_refused(rig: Rig) -> None:
    a_run = begin(rig)
    claimed = a_run.task
    a_run.give_back()
    late = claimed._replace(lease_until=1200, due_at=1209)
    with pytest.raises(Refused):
        rig.store.move(claimed, late, leased=True)
    assert stored(rig, a_run) == (State.STARTED, 0, 0, 1060)


def test_a_heartbeat_whose_answer_was_lost_does_not_cost_the_lease(rig: Rig) -> None:
    a_run = begin(rig)
    rig.clock.freeze(15)
    extended = a_run.task._replace(lease_until=1105, due_at=1114)
    rig.store.move(a_run.task, extended, leased=True)
    rig.clock.freeze(2)
    a_run.beat()
    assert stored(rig, a_run) == (State.STARTED, 0, 1107, 1116)


def test_a_lease_counts_from_the_first_try_of_the_report_that_extended_it(rig: Rig) -> None:
    a_run = begin(rig)
    rig.clock.freeze(14)
    tries = iter([True] * 40)

    def out(method: str) -> None:
        if method == "move" and next(tries, False):
            raise errors.Outage

    rig.store.before = out
    a_run.report("0")
    assert rig.clock.now() == 1034
    assert stored(rig, a_run) == (State.STARTED, 1, 1104, 1113)
    rig.clock.freeze(1014 + 67.5 - 1034)
    assert not a_run.may_write


def test_a_lease_that_already_lasts_longer_is_not_shortened(rig: Rig) -> None:
    a_run = begin(rig)
    rig.clock.freeze(20)
    rig.store.move(a_run.task, a_run.task._replace(lease_until=1500))
    a_run.beat()
    assert stored(rig, a_run)[2] == 1500
    rig.clock.freeze(60)
    assert a_run.may_write


def test_a_lease_that_was_given_back_is_not_extended(rig: Rig) -> None:
    a_run = begin(rig)
    rig.clock.freeze(20)
    rig.store.move(a_run.task, a_run.task._replace(lease_until=0))
    with pytest.raises(Refused):
        a_run.beat()


@pytest.mark.parametrize(
    ("text", "separate"), [("x" * 3000, False), ("x" * 3001, True), ("ü" * 1501, True)]
)
def test_the_last_report_is_written_with_the_end_unless_it_is_long(
    rig: Rig, text: str, separate: bool
) -> None:
    a_run = begin(rig, count=1)
    a_run.report(text)
    task = rig.task(a_run.task.task_id)
    assert (task.state, task.done) == (State.SUCCESS, 1)
    assert ((task.task_id, 0) in rig.store.stored) == separate
    assert rig.texts(task.task_id) == [text]


def test_a_report_has_the_time_when_it_came_even_if_it_waits_for_a_heartbeat(rig: Rig) -> None:
    class BusyLock:
        """A lock that a heartbeat releases after 9 s."""

        def __enter__(self) -> None:
            rig.clock.freeze(9)

        def __exit__(self, *_: object) -> None:
            pass

    a_run = begin(rig, count=1)
    a_run._writing = BusyLock()  # type: ignore[assignment]
    a_run.report("0")
    (report,) = rig.store.reports(rig.task(a_run.task.task_id))
    assert (report.at, rig.clock.now()) == (1000, 1009)


def test_a_clock_that_somebody_sets_back_does_not_cost_the_lease(rig: Rig) -> None:
    a_run = begin(rig)
    rig.clock.freeze(10)
    rig.clock.jump(-3600)
    rig.clock.freeze(10)
    a_run.beat()
    assert stored(rig, a_run) == (State.STARTED, 0, 1110, 1119)
    a_run.report("0")
    assert rig.task(a_run.task.task_id).reported_at == 1020


def test_a_clock_that_is_behind_ends_a_task_no_sooner_than_it_can_have_ended(rig: Rig) -> None:
    task_id = rig.create(count=2, wait=100)
    rig.clock.jump(-8 * 86_400)
    a_run = rig.claim(task_id)
    a_run.report("0")
    a_run.report("1")
    task = rig.task(task_id)
    assert (task.ended_at, task.expires_at) == (1100, 1100 + 7 * 86_400)


def test_a_clock_that_is_ahead_and_gives_a_task_up_keeps_it_no_longer_either(rig: Rig) -> None:
    task_id = rig.create()
    for _ in range(2):
        rig.crash(task_id)
        rig.clock.freeze(100)
    rig.crash(task_id)
    rig.clock.jump(3650 * model.DAY)
    rig.worker.work(task_id)
    task = rig.task(task_id)
    assert task.state is State.FAILURE
    assert task.expires_at == task.done_by + (1 + SETTINGS.keep_days) * model.DAY


def test_a_clock_that_is_ahead_keeps_a_task_no_longer_than_its_reports(rig: Rig) -> None:
    task_id = rig.create(count=1)
    rig.clock.jump(3650 * 86_400)
    a_run = rig.claim(task_id)
    a_run.report("x" * 4000)
    task = rig.task(task_id)
    assert task.expires_at == 1000 + (30 + 1 + 7) * 86_400
    assert rig.store.report_expiry[task_id, 0] == task.expires_at + 86_400


@pytest.mark.parametrize("write", [{"lease_until": 2000.0}, {"done": 1}])
def test_a_take_over_that_a_late_write_has_overtaken_is_refused(
    rig: Rig, write: dict[str, Any]
) -> None:
    """The lease was over when it was read, but its holder was only slow, and has written since."""
    task_id = begin(rig).task.task_id
    rig.clock.freeze(100)

    def write_first(method: str) -> None:
        if method == "move":
            rig.store.tasks[task_id] = rig.task(task_id)._replace(**write)

    rig.store.before = write_first
    with pytest.raises(Refused):
        rig.claim(task_id)
    assert rig.task(task_id).run == 1
