"""Windows: which count and wait are allowed, and the errors for others."""

from collections.abc import Mapping

import pytest

from chalicelib import errors
from chalicelib.api import windows
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
        ({"extended": True}, Window(1, 1, extended=True)),
        ({"extended": False, "cpu": True}, Window(1, 1, cpu=True)),
    ],
)
def test_count_and_wait_are_one_by_default(given: Mapping[str, object], window: Window) -> None:
    assert windows.of(given, LIMITS) == window


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
def test_a_wrong_number_is_refused_by_name(name: str, value: object, shown: str) -> None:
    most = {"count": 100, "wait": 60}[name]
    with pytest.raises(errors.Invalid) as caught:
        windows.of({"count": 2, "wait": 2} | {name: value}, LIMITS)
    assert str(caught.value) == (
        f"{name} must be a whole number from 1 to {most} in ASCII digits, not {shown}."
    )


@pytest.mark.parametrize("name", ["extended", "cpu"])
@pytest.mark.parametrize(("value", "shown"), [(1, "1"), ("1", "'1'"), (None, "null")])
def test_an_option_is_a_boolean(name: str, value: object, shown: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        windows.of({name: value}, LIMITS)
    assert str(caught.value) == f"{name} must be true or false, not {shown}."


@pytest.mark.parametrize("given", [{"wait": 1}, {"count": 1, "wait": 1}])
def test_one_report_has_no_interval(given: Mapping[str, object]) -> None:
    with pytest.raises(errors.Invalid) as caught:
        windows.of(given, LIMITS)
    assert str(caught.value) == (
        "wait (given: 1) needs a count of 2 or more: one report has no interval."
    )


def test_a_window_that_is_too_long_is_refused() -> None:
    with pytest.raises(errors.Invalid) as caught:
        windows.of({"count": 12, "wait": 60}, LIMITS)
    assert str(caught.value) == (
        "count and wait ask for a window of 660 s; at most 600 s are allowed."
    )
