"""This machine's clock beside the cloud's."""

import email.utils

import pytest

from chalicelib.comparison import Comparison
from tests.support.fakes import FakeClock

NOW = 1_800_000_000


def date(seconds: int) -> str:
    return email.utils.formatdate(seconds, usegmt=True)


def hear(own: float, *answers: tuple[float, float]) -> Comparison:
    """Compare a clock that is `own` seconds off by answers that each took some seconds.

    Each answer is the seconds that it took, and when in that time its Date was written.
    """
    clock = FakeClock(NOW + own)
    compared = Comparison(clock)
    for took, written in answers:
        began, true = compared.begin(), clock.now() - own
        clock.freeze(took)
        compared.hear(date(int(true + written)), began)
    return compared


@pytest.mark.parametrize("took", [0, 0.5, 25])
@pytest.mark.parametrize("written", [0, 1])
def test_a_clock_that_is_right_is_never_off(took: float, written: float) -> None:
    assert hear(0, (took, took * written)).off == 0


@pytest.mark.parametrize(
    ("own", "took", "written", "off"),
    [
        (60, 0, 0, 59),
        (-60, 0, 0, -60),
        (60, 20, 20, 39),
        (60, 20, 0, 59),
        (-60, 20, 20, -60),
        (-60, 20, 0, -40),
        (10 * 365 * 86_400, 0.25, 0, 10 * 365 * 86_400 - 1),
    ],
)
def test_a_clock_is_off_by_what_is_certain(
    own: float, took: float, written: float, off: float
) -> None:
    assert hear(own, (took, written)).off == off


def test_a_long_poll_takes_nothing_back() -> None:
    assert hear(25, (0, 0), (20, 20)).off == 24
    assert hear(25, (20, 20), (0, 0)).off == 24


def test_a_clock_that_was_set_right_is_right_after_the_next_answer() -> None:
    clock = FakeClock(NOW + 60)
    compared = Comparison(clock)
    compared.hear(date(NOW), compared.begin())
    clock.jump(-60)
    assert compared.problem(9)
    compared.hear(date(NOW), compared.begin())
    assert compared.problem(9) is None


@pytest.mark.parametrize("said", [None, "", "yesterday", "Fri, 99 Jan 2027 08:00:00 GMT"])
def test_without_a_date_nothing_is_judged(said: str | None) -> None:
    compared = Comparison(FakeClock(NOW))
    compared.hear(said, compared.begin())
    assert compared.off == 0


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (10, None),
        (-9, None),
        (3600, "This machine's clock is 3599 s ahead of the cloud's; it may be 9 s off. "),
        (-3600, "This machine's clock is 3600 s behind the cloud's; it may be 9 s off. "),
    ],
)
def test_a_clock_that_is_too_far_off_is_a_problem(own: float, said: str | None) -> None:
    told = said and said + "Set it right, best by NTP: then work goes on by itself."
    assert hear(own, (0, 0)).problem(9) == told
