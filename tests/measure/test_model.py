"""A window: how long it lasts."""

import pytest

from chalicelib.measure.model import Window


@pytest.mark.parametrize(("window", "seconds"), [(Window(1, 1), 0), (Window(3, 5), 10)])
def test_the_first_report_comes_at_once(window: Window, seconds: int) -> None:
    assert window.seconds == seconds
