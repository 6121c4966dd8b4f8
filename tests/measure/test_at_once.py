"""Measuring at once: a whole window is measured while its caller waits."""

import pytest

from chalicelib import errors
from chalicelib.measure import machine
from chalicelib.measure.model import Window
from tests.support.fakes import FakeClock, FakeFeed, FakeMachine


def test_the_reports_come_with_their_times() -> None:
    clock = FakeClock()
    fake_machine = FakeMachine(clock)
    began = clock.now()
    assert machine.measure(fake_machine, Window(3, 5), clock) == [
        (began, "report 0\n"),
        (began + 5, "report 1\n"),
        (began + 10, "report 2\n"),
    ]
    assert clock.monotonic() == 1010
    assert fake_machine.feeds[0].closed


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        (errors.Killed(), "Something outside hoststat ended iostat before its window was over."),
        (errors.MachineFailed("iostat is ill."), "iostat is ill."),
    ],
)
def test_every_failure_is_a_failure_of_the_machine(failed: Exception, said: str) -> None:
    def fail(index: int) -> None:
        if index == 1:
            raise failed

    fake_machine = FakeMachine(FakeClock(), before=fail)
    with pytest.raises(errors.MachineFailed) as caught:
        machine.measure(fake_machine, Window(2, 5), fake_machine.clock)
    assert str(caught.value) == said
    assert fake_machine.feeds[0].closed


def test_a_report_may_be_only_three_seconds_late() -> None:
    class Recorder(FakeMachine):
        def open(self, window: Window, *, first: int = 0, patience: float = 30) -> FakeFeed:
            given.append((first, patience))
            return super().open(window, first=first, patience=patience)

    given: list[tuple[int, float]] = []
    machine.measure(Recorder(FakeClock()), Window(1, 1), FakeClock())
    assert given == [(0, 3)]
