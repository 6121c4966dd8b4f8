"""Measuring at once: the reports of a window, kept for a caller who waits."""

import pytest

from chalicelib import errors
from chalicelib.measure import at_once as measure
from chalicelib.measure.model import Window
from tests.support.fakes import FakeClock, FakeFeed, FakeMachine


def test_the_reports_come_with_their_times() -> None:
    clock = FakeClock()
    host = FakeMachine(clock)
    began = clock.now()
    assert measure.at_once(host, Window(3, 5), clock) == [
        (began, "report 0\n"),
        (began + 5, "report 1\n"),
        (began + 10, "report 2\n"),
    ]
    assert clock.monotonic() == 1010
    assert host.feeds[0].closed


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        (errors.Killed(), "iostat was ended from outside before it was done."),
        (errors.MachineFailed("iostat is ill."), "iostat is ill."),
    ],
)
def test_what_fails_is_the_hosts_failure(failed: Exception, said: str) -> None:
    def fail(index: int) -> None:
        if index == 1:
            raise failed

    host = FakeMachine(FakeClock(), before=fail)
    with pytest.raises(errors.MachineFailed) as caught:
        measure.at_once(host, Window(2, 5), host.clock)
    assert str(caught.value) == said
    assert host.feeds[0].closed


def test_a_caller_is_told_of_a_late_report_within_seconds() -> None:
    class Recorder(FakeMachine):
        def open(self, window: Window, *, first: int = 0, patience: float = 30) -> FakeFeed:
            given.append((first, patience))
            return super().open(window, first=first, patience=patience)

    given: list[tuple[int, float]] = []
    measure.at_once(Recorder(FakeClock()), Window(1, 1), FakeClock())
    assert given == [(0, 3)]
