"""The keeper: trouble with one window must not harm the others."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks import run
from chalicelib.tasks.keeper import Keeper, Measurement, Stop
from chalicelib.tasks.model import Task
from tests.support.fakes import FakeFeed
from tests.support.rig import SETTINGS, Rig


@pytest.fixture
def begin(rig: Rig) -> Iterator[Callable[[], Measurement]]:
    """Give a function that begins to measure a new window, which lasts as long as the test."""
    with contextlib.ExitStack() as stack:

        def begin() -> Measurement:
            a_run = run.claim(
                rig.create(100),
                host="web-1",
                source="iostat",
                store=rig.store,
                clock=rig.clock,
                settings=SETTINGS,
            )
            feed = FakeFeed(rig.machine, Window(100, 1), 0)
            return stack.enter_context(rig.keeper.keep(a_run, feed))

        yield begin


@pytest.mark.parametrize("trouble", [errors.Outage, KeyError])
def test_one_bad_window_does_not_harm_the_others(
    rig: Rig, begin: Callable[[], Measurement], trouble: type[Exception]
) -> None:
    measurements = [begin() for _ in range(21)]
    real = rig.store.move

    def move(before: Task, after: Task, *, seen: Sequence[str] = (), leased: bool = False) -> None:
        if before.task_id == measurements[0].run.task.task_id:
            raise trouble
        real(before, after, seen=seen, leased=leased)

    rig.store.move = move  # type: ignore[method-assign]
    rig.clock.sleep(100)
    assert [it.stopped for it in measurements] == [Stop.LOST] + [None] * 20


def test_a_cancel_is_noticed_when_every_heartbeat_fails(
    rig: Rig, begin: Callable[[], Measurement]
) -> None:
    cancelled, other = begin(), begin()
    rig.service.cancel("v2", cancelled.run.task.task_id)
    rig.store.before = out_for("move")
    rig.clock.sleep(20)
    assert (cancelled.stopped, other.stopped) == (Stop.CANCELLED, None)


def test_after_three_outages_no_more_heartbeats_are_tried_in_a_round(
    rig: Rig, begin: Callable[[], Measurement]
) -> None:
    for _ in range(20):
        begin()
    rig.clock.freeze(20)
    asked = []

    def out(method: str) -> None:
        if method == "move":
            asked.append(method)
            raise errors.Outage

    rig.store.before = out
    rig.keeper.tick()
    assert len(asked) == 3


def test_windows_that_are_throttled_do_not_cost_the_others_their_leases(
    rig: Rig, begin: Callable[[], Measurement]
) -> None:
    measurements = []
    for _ in range(10):
        measurements.append(begin())
        rig.clock.freeze(0.1)
    throttled = {it.run.task.task_id for it in measurements[:3]}
    real = rig.store.move

    def move(before: Task, after: Task, *, seen: Sequence[str] = (), leased: bool = False) -> None:
        if before.task_id in throttled:
            raise errors.Outage
        real(before, after, seen=seen, leased=leased)

    rig.store.move = move  # type: ignore[method-assign]
    rig.clock.sleep(100)
    assert [it.stopped for it in measurements] == [Stop.LOST] * 3 + [None] * 7


def test_leases_are_kept_when_cancels_cannot_be_read(
    rig: Rig, begin: Callable[[], Measurement]
) -> None:
    measurement = begin()

    def broken(method: str) -> None:
        if method == "get_many":
            raise KeyError

    rig.store.before = broken
    rig.clock.sleep(100)
    assert measurement.stopped is None


def test_a_keeper_that_could_not_start_its_thread_starts_it_for_the_next_window(
    rig: Rig, begin: Callable[[], Measurement], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper(store=rig.store, clock=rig.clock, settings=SETTINGS)
    a_run = begin().run
    feed = FakeFeed(rig.machine, Window(1, 1), 0)

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", refuse)
        with pytest.raises(RuntimeError), keeper.keep(a_run, feed):
            raise AssertionError
    assert keeper.measurements() == []
    with keeper.keep(a_run, feed):
        assert keeper.measurements() != []


def out_for(call: str) -> Callable[[str], None]:
    def out(method: str) -> None:
        if method == call:
            raise errors.Outage

    return out
