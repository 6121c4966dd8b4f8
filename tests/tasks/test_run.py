"""A run: its lease, and the two threads that write for it."""

import dataclasses

import pytest

from chalicelib import errors
from chalicelib.tasks import run
from chalicelib.tasks.model import State
from chalicelib.tasks.ports import Refused
from chalicelib.tasks.run import Run
from tests.support.rig import SETTINGS, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


def begin(rig: Rig, count: int = 10, wait: int = 1) -> Run:
    return run.claim(
        rig.create(count, wait),
        host="web-1",
        source="iostat",
        store=rig.store,
        clock=rig.clock,
        settings=SETTINGS,
    )


def stored(rig: Rig, mine: Run) -> tuple[State, int, float, float | None]:
    task = rig.task(mine.task.task_id)
    return task.state, task.done, task.lease_until, task.due_at


def test_a_heartbeat_extends_the_lease_when_it_is_due(rig: Rig) -> None:
    mine = begin(rig)
    rig.clock.freeze(14)
    mine.beat()
    assert stored(rig, mine) == (State.STARTED, 0, 1090, 1099)
    rig.clock.freeze(1)
    mine.beat()
    assert stored(rig, mine) == (State.STARTED, 0, 1105, 1114)


@pytest.mark.parametrize(("wait", "young", "old"), [(1, 13, 14), (10, 4, 5)])
def test_a_report_takes_the_heartbeat_along_that_is_due_before_the_next(
    rig: Rig, wait: int, young: int, old: int
) -> None:
    mine = begin(rig, wait=wait)
    rig.clock.freeze(young)
    mine.report("0")
    assert stored(rig, mine) == (State.STARTED, 1, 1090, 1099)
    rig.clock.freeze(old - young)
    mine.report("1")
    assert stored(rig, mine) == (State.STARTED, 2, 1090 + old, 1099 + old)
    rig.clock.freeze(14)
    mine.beat()
    assert stored(rig, mine) == (State.STARTED, 2, 1090 + old, 1099 + old)


def test_a_heartbeat_after_the_hand_over_is_none(rig: Rig) -> None:
    mine = begin(rig)
    mine.give_back()
    rig.clock.freeze(20)
    mine.beat()
    assert stored(rig, mine) == (State.STARTED, 0, 0, 1060)


def test_a_heartbeat_after_the_end_is_none(rig: Rig) -> None:
    mine = begin(rig, count=1)
    mine.report("0")
    rig.clock.freeze(20)
    mine.beat()
    assert stored(rig, mine) == (State.SUCCESS, 1, 1090, None)


@pytest.mark.parametrize("write", ["report", "give_back"])
def test_a_heartbeat_does_not_come_between_a_write_and_what_it_was_made_from(
    rig: Rig, write: str
) -> None:
    """As the keeper's thread would, in the middle of the other one's write."""
    mine = begin(rig)
    rig.clock.freeze(20)
    beats: list[str] = []

    def beat(method: str) -> None:
        if method == "move" and not beats:
            beats.append(method)
            mine.beat()

    rig.store.before = beat
    mine.report("0") if write == "report" else mine.give_back()
    assert beats == ["move"]
    assert rig.task(mine.task.task_id) == mine.task


def test_a_heartbeat_that_was_on_its_way_too_long_changes_nothing(rig: Rig) -> None:
    mine = begin(rig)
    claimed = mine.task
    mine.give_back()
    late = dataclasses.replace(claimed, lease_until=1200, due_at=1209)
    with pytest.raises(Refused):
        rig.store.move(claimed, late, held=True)
    assert stored(rig, mine) == (State.STARTED, 0, 0, 1060)


def test_a_heartbeat_whose_answer_was_lost_does_not_cost_the_window(rig: Rig) -> None:
    mine = begin(rig)
    rig.clock.freeze(15)
    extended = dataclasses.replace(mine.task, lease_until=1105, due_at=1114)
    rig.store.move(mine.task, extended, held=True)
    rig.clock.freeze(2)
    mine.beat()
    assert stored(rig, mine) == (State.STARTED, 0, 1107, 1116)


def test_a_report_that_was_tried_for_long_does_not_make_the_lease_look_younger(rig: Rig) -> None:
    mine = begin(rig)
    rig.clock.freeze(14)
    tries = iter([True] * 40)

    def out(method: str) -> None:
        if method == "move" and next(tries, False):
            raise errors.Outage

    rig.store.before = out
    mine.report("0")
    assert rig.clock.now() == 1034
    assert stored(rig, mine) == (State.STARTED, 1, 1104, 1113)
    rig.clock.freeze(1014 + 67.5 - 1034)
    assert not mine.held


def test_a_lease_that_was_extended_further_is_kept(rig: Rig) -> None:
    mine = begin(rig)
    rig.clock.freeze(20)
    rig.store.move(mine.task, dataclasses.replace(mine.task, lease_until=1500))
    mine.beat()
    assert stored(rig, mine)[2] == 1500
    rig.clock.freeze(60)
    assert mine.held


def test_a_lease_that_was_given_back_elsewhere_is_lost(rig: Rig) -> None:
    mine = begin(rig)
    rig.clock.freeze(20)
    rig.store.move(mine.task, dataclasses.replace(mine.task, lease_until=0))
    with pytest.raises(Refused):
        mine.beat()


@pytest.mark.parametrize(
    ("text", "kept_apart"), [("x" * 3000, False), ("x" * 3001, True), ("ü" * 1501, True)]
)
def test_the_last_report_comes_with_the_end_unless_it_is_long(
    rig: Rig, text: str, kept_apart: bool
) -> None:
    mine = begin(rig, count=1)
    mine.report(text)
    task = rig.task(mine.task.task_id)
    assert (task.state, task.done) == (State.SUCCESS, 1)
    assert ((task.task_id, 0) in rig.store.stored) == kept_apart
    assert rig.texts(task.task_id) == [text]


def test_a_report_came_when_it_came_however_long_it_waits_for_a_heartbeat(rig: Rig) -> None:
    class Held:
        """A heartbeat has it, for 9 s."""

        def __enter__(self) -> None:
            rig.clock.freeze(9)

        def __exit__(self, *_: object) -> None:
            pass

    mine = begin(rig, count=1)
    mine._writing = Held()  # type: ignore[assignment]
    mine.report("0")
    (report,) = rig.store.reports(rig.task(mine.task.task_id))
    assert (report.at, rig.clock.now()) == (1000, 1009)
