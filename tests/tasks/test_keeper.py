"""The keeper of leases: whatever is wrong with one window, the others are kept."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks import run
from chalicelib.tasks.keeper import Hold, Keeper, Stop
from chalicelib.tasks.model import Task
from tests.support.fakes import FakeFeed
from tests.support.rig import SETTINGS, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def hold(rig: Rig) -> Iterator[Callable[[], Hold]]:
    """Hold a new window for as long as the test lasts."""
    with contextlib.ExitStack() as stack:

        def begin() -> Hold:
            mine = run.claim(
                rig.create(100),
                host="web-1",
                source="iostat",
                store=rig.store,
                clock=rig.clock,
                settings=SETTINGS,
            )
            feed = FakeFeed(rig.host, Window(100, 1), 0)
            return stack.enter_context(rig.leases.hold(mine, feed))

        yield begin


@pytest.mark.parametrize("trouble", [errors.Outage, KeyError])
def test_one_bad_window_takes_no_other_along(
    rig: Rig, hold: Callable[[], Hold], trouble: type[Exception]
) -> None:
    holds = [hold() for _ in range(21)]
    real = rig.store.move

    def move(before: Task, after: Task, *, seen: Sequence[str] = (), held: bool = False) -> None:
        if before.task_id == holds[0].run.task.task_id:
            raise trouble
        real(before, after, seen=seen, held=held)

    rig.store.move = move  # type: ignore[method-assign]
    rig.clock.sleep(100)
    assert [held.stopped for held in holds] == [Stop.LOST] + [None] * 20


def test_a_cancel_is_noticed_though_no_heartbeat_goes_through(
    rig: Rig, hold: Callable[[], Hold]
) -> None:
    cancelled, other = hold(), hold()
    rig.service.cancel("v2", cancelled.run.task.task_id)
    rig.store.before = out_for("move")
    rig.clock.sleep(20)
    assert (cancelled.stopped, other.stopped) == (Stop.CANCELLED, None)


def test_when_dynamodb_is_out_not_every_window_is_asked_for(
    rig: Rig, hold: Callable[[], Hold]
) -> None:
    for _ in range(20):
        hold()
    rig.clock.freeze(20)
    asked = []

    def out(method: str) -> None:
        if method == "move":
            asked.append(method)
            raise errors.Outage

    rig.store.before = out
    rig.leases.tick()
    assert len(asked) == 3


def test_windows_that_are_throttled_do_not_starve_the_others(
    rig: Rig, hold: Callable[[], Hold]
) -> None:
    holds = []
    for _ in range(10):
        holds.append(hold())
        rig.clock.freeze(0.1)
    throttled = {held.run.task.task_id for held in holds[:3]}
    real = rig.store.move

    def move(before: Task, after: Task, *, seen: Sequence[str] = (), held: bool = False) -> None:
        if before.task_id in throttled:
            raise errors.Outage
        real(before, after, seen=seen, held=held)

    rig.store.move = move  # type: ignore[method-assign]
    rig.clock.sleep(100)
    assert [held.stopped for held in holds] == [Stop.LOST] * 3 + [None] * 7


def test_leases_are_kept_though_cancels_cannot_be_looked_for(
    rig: Rig, hold: Callable[[], Hold]
) -> None:
    held = hold()

    def broken(method: str) -> None:
        if method == "get_many":
            raise KeyError

    rig.store.before = broken
    rig.clock.sleep(100)
    assert held.stopped is None


def test_a_keeper_that_cannot_be_started_is_started_for_the_next_window(
    rig: Rig, hold: Callable[[], Hold], monkeypatch: pytest.MonkeyPatch
) -> None:
    leases = Keeper(store=rig.store, clock=rig.clock, settings=SETTINGS)
    mine = hold().run
    feed = FakeFeed(rig.host, Window(1, 1), 0)

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", refuse)
        with pytest.raises(RuntimeError), leases.hold(mine, feed):
            raise AssertionError
    assert leases.held() == []
    with leases.hold(mine, feed):
        assert leases.held() != []


def out_for(call: str) -> Callable[[str], None]:
    def out(method: str) -> None:
        if method == call:
            raise errors.Outage

    return out
