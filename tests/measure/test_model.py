"""Windows: what is allowed of count and wait, and what is said of the rest."""

from collections.abc import Mapping

import pytest

from chalicelib import errors
from chalicelib.measure import model as windows
from chalicelib.measure.model import Window
from chalicelib.settings import Settings

LIMITS = Settings(max_count=100, max_wait=60, max_window=600)


@pytest.mark.parametrize(
    ("given", "window"),
    [
        ({}, Window(1, 1)),
        ({"count": 1}, Window(1, 1)),
        ({"count": 3}, Window(3, 1)),
        ({"count": 2, "wait": 60}, Window(2, 60)),
        ({"count": 11, "wait": 60}, Window(11, 60)),
    ],
)
def test_what_is_not_given_is_one(given: Mapping[str, object], window: Window) -> None:
    assert windows.read(given, LIMITS) == window


@pytest.mark.parametrize(("window", "seconds"), [(Window(1, 1), 0), (Window(3, 5), 10)])
def test_the_first_report_is_there_at_once(window: Window, seconds: int) -> None:
    assert window.seconds == seconds


@pytest.mark.parametrize("name", ["count", "wait"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1.5", "'1.5'"),
        ("3", "'3'"),
        (3.0, "3.0"),
        (True, "true"),
        (None, "null"),
        ([3], "a list or an object"),
        ([[[]]] * 9999, "a list or an object"),
        (0, "0"),
        (-1, "-1"),
        (101, "101"),
        ("x" * 100, "'" + "x" * 60 + "…'"),
    ],
)
def test_what_is_no_number_in_its_bounds_is_refused_by_name(
    name: str, value: object, shown: str
) -> None:
    most = {"count": 100, "wait": 60}[name]
    with pytest.raises(errors.Invalid) as caught:
        windows.read({"count": 2, "wait": 2} | {name: value}, LIMITS)
    assert str(caught.value) == (
        f"{name} must be a whole number from 1 to {most} in ASCII digits, not {shown}."
    )


@pytest.mark.parametrize("given", [{"wait": 1}, {"count": 1, "wait": 1}])
def test_one_report_has_no_interval(given: Mapping[str, object]) -> None:
    with pytest.raises(errors.Invalid) as caught:
        windows.read(given, LIMITS)
    assert str(caught.value) == (
        "wait (given: 1) needs a count of 2 or more: one report has no interval."
    )


def test_a_window_that_is_too_long_is_refused() -> None:
    with pytest.raises(errors.Invalid) as caught:
        windows.read({"count": 12, "wait": 60}, LIMITS)
    assert str(caught.value) == (
        "count and wait ask for a window of 660 s; at most 600 s are allowed."
    )


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3), ("0", 0), ("007", 7), ("0" * 5000 + "5", 5)]
)
def test_ascii_digits_are_a_number(text: str, number: int) -> None:
    assert windows.number(text) == number


@pytest.mark.parametrize(
    "text", ["1.5", "abc", "", "1e3", "1_0", "0x10", " 3", "3 ", "3\n", "٣", "²", "+5", "-5"]
)
def test_what_int_would_take_besides_is_none(text: str) -> None:
    assert windows.number(text) == text


def test_a_number_of_more_digits_than_any_bound_has_is_shown_as_it_was_given() -> None:
    assert windows.number("9" * 18) == 10**18 - 1
    assert windows.number("9" * 19) == "9" * 19
    assert windows.number("9" * 5000) == "9" * 5000
