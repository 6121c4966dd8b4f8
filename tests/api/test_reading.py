"""Numbers in a query: only ASCII digits, although int() accepts more."""

import pytest

from chalicelib.api import reading


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3), ("0", 0), ("007", 7), ("0" * 5000 + "5", 5)]
)
def test_ascii_digits_are_a_number(text: str, number: int) -> None:
    assert reading.number(text) == number


@pytest.mark.parametrize(
    "text", ["1.5", "abc", "", "1e3", "1_0", "0x10", " 3", "3 ", "3\n", "٣", "²", "+5", "-5"]
)
def test_other_texts_are_no_numbers_even_if_int_accepts_them(text: str) -> None:
    assert reading.number(text) == text


def test_a_number_with_too_many_digits_stays_a_text() -> None:
    assert reading.number("9" * 18) == 10**18 - 1
    assert reading.number("9" * 19) == "9" * 19
    assert reading.number("9" * 5000) == "9" * 5000
