"""The arithmetic of plots, by itself, in the browser."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

Figures = Callable[[str], Any]


@pytest.fixture(scope="module")
def figures(browser: Browser, url: str) -> Iterator[Figures]:
    """Give a function that evaluates an expression with the functions of figures.js."""
    page = browser.new_page()
    page.goto(f"{url}/page/")

    def evaluate(expression: str) -> Any:
        return page.evaluate(
            f"import('/page/figures.js').then((f) => JSON.parse(JSON.stringify({expression})))"
        )

    yield evaluate
    page.close()


def test_ticks_are_1_2_5_and_hold_the_highest(figures: Figures) -> None:
    tops = [0, 0.3, 1, 7, 9.99, 10, 11, 99, 100, 1234, 1e9]
    expected = [
        [0, 0.5, 1],
        [0, 0.1, 0.2, 0.3],
        [0, 0.5, 1],
        [0, 2, 4, 6, 8],
        [0, 5, 10],
        [0, 5, 10],
        [0, 5, 10, 15],
        [0, 50, 100],
        [0, 50, 100],
        [0, 500, 1000, 1500],
        [0, 5e8, 1e9],
    ]
    assert figures(f"{tops}.map((top) => f.ticks(top))") == expected


def test_numbers_are_written_with_si_prefixes(figures: Figures) -> None:
    values = [
        (0, "B/s", "0 B/s"),
        (999, "B/s", "999 B/s"),
        (999.6, "B/s", "1 kB/s"),
        (1500, "B/s", "1.5 kB/s"),
        (123_456_789, "B/s", "123 MB/s"),
        (0.0123, "s", "12.3 ms"),
        (0.00042, "s", "420 µs"),
        (2.5, "s", "2.5 s"),
        (0.02, "", "0.02"),
        (12_345, "/s", "12.3 k/s"),
        (99.96, "%", "100 %"),
    ]
    asked = [[value, unit] for value, unit, _ in values]
    assert figures(f"{asked}.map((it) => f.si(...it))") == [it for _, _, it in values]
    assert figures("f.si(NaN, 's')") == "–"  # noqa: RUF001


def test_the_numbers_of_an_axis_have_one_prefix(figures: Figures) -> None:
    assert figures("[0, 2e5, 1e6].map((it) => f.si(it, 'B/s', 1e6))") == [
        "0 MB/s",
        "0.2 MB/s",
        "1 MB/s",
    ]
    assert figures("[0, 0.05].map((it) => f.si(it, 's', 0.05))") == ["0 ms", "50 ms"]


def test_times_are_whole_on_the_clock(figures: Figures) -> None:
    ticks = figures("f.timeTicks(1000000003, 1000000058, 6)")
    assert ticks == [1_000_000_010, 1_000_000_020, 1_000_000_030, 1_000_000_040, 1_000_000_050]
    assert figures("f.timeTicks(0, 86400 * 30, 4).length <= 4")


def test_the_time_axis_grows_by_steps(figures: Figures) -> None:
    assert figures("[0, 5, 59].map((it) => f.span(it, 59))") == [59, 59, 59]
    assert figures("[0, 20, 28, 200, 3599].map((it) => f.span(it, 9999))") == [
        30,
        30,
        60,
        300,
        7200,
    ]
    assert figures("f.span(9999, 9999)") == 9999


SCALE = "{x0: 0, perX: 1, height: 100, perY: 1, gap: 2.5}"


def test_a_line_goes_through_its_points(figures: Figures) -> None:
    assert figures(f"f.line([0, 1, 2], [0, 50, 100], 0, 3, {SCALE})") == "M0 1000L10 500L20 0h0"


def test_a_flat_line_has_two_points(figures: Figures) -> None:
    assert figures(f"f.line([0, 1, 2, 3], [7, 7, 7, 7], 0, 4, {SCALE})") == "M0 930L30 930"


def test_gaps_are_gaps(figures: Figures) -> None:
    """A device that is missing, and reports that are missing."""
    lacking = figures(f"f.line([0, 1, 2, 3, 4], [1, 2, NaN, 3, 4], 0, 5, {SCALE})")
    assert lacking == "M0 990L10 980h0M30 970L40 960h0"
    late = figures(f"f.line([0, 1, 9, 10], [1, 2, 3, 4], 0, 4, {SCALE})")
    assert late == "M0 990L10 980h0M90 970L100 960h0"


def test_many_points_in_a_pixel_keep_the_lowest_and_the_highest(figures: Figures) -> None:
    times = [number / 100 for number in range(300)]
    values = [50.0] * 300
    values[37], values[233] = 100, 0
    path = figures(f"f.line({times}, {values}, 0, 300, {SCALE})")
    assert " 0" in path
    assert " 1000" in path
    assert len(path) < 120


def test_what_is_drawn_in_pieces_is_what_is_drawn_at_once(figures: Figures) -> None:
    times, values = list(range(100)), [number * 7 % 90 for number in range(100)]
    whole = figures(f"f.line({times}, {values}, 0, 100, {SCALE})")
    first = figures(f"f.line({times}, {values}, 0, 60, {SCALE})")
    rest = figures(f"f.line({times}, {values}, 59, 100, {SCALE})")
    assert whole.removesuffix("h0").startswith(first.removesuffix("h0"))
    assert whole.endswith(rest.partition("L")[2])


def test_the_nearest_report_is_found(figures: Figures) -> None:
    asked = [-5, 0, 1.4, 1.6, 99]
    assert figures(f"{asked}.map((at) => f.nearest([0, 1, 2, 5], at))") == [0, 0, 1, 2, 3]
    assert figures("f.nearest([], 1)") == -1
