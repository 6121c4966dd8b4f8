"""A window: how many reports, how many seconds apart, and what is allowed of both."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from chalicelib import errors
from chalicelib.settings import Settings

#: As many as no bound has; int() itself refuses thousands.
_DIGITS = re.compile("[0-9]{1,18}", re.ASCII)


class Window(NamedTuple):
    """`count` reports, `wait` seconds apart; the first is the average since boot."""

    count: int  # type: ignore[assignment] # nobody counts in a window as in a tuple
    wait: int

    @property
    def seconds(self) -> int:
        """How long it lasts: the first report is there at once."""
        return (self.count - 1) * self.wait


def read(given: Mapping[str, object], limits: Settings) -> Window:
    """The window that `given` asks for: its "count" and "wait", both 1 where they are missing.

    Raises Invalid, naming the culprit, for what is no int or out of its bounds.
    """
    window = Window(
        count=whole("count", given.get("count", 1), limits.max_count),
        wait=whole("wait", given.get("wait", 1), limits.max_wait),
    )
    if window.count == 1 and "wait" in given:
        raise errors.Invalid(
            f"wait (given: {window.wait}) needs a count of 2 or more: one report has no interval."
        )
    if window.seconds > limits.max_window:
        raise errors.Invalid(
            f"count and wait ask for a window of {window.seconds} s; "
            f"at most {limits.max_window} s are allowed."
        )
    return window


def number(text: str) -> int | str:
    """The number that `text` writes in ASCII digits, or `text` itself where it is none.

    int() takes more than that, and what is no number for iostat is a device's name for it:
    ``iostat -d 1.5 2`` runs for ever.
    """
    digits = text.lstrip("0") or text[-1:]
    return int(digits) if _DIGITS.fullmatch(digits) else text


def whole(name: str, value: object, most: int, least: int = 1) -> int:
    """`value`, if it is an int from `least` to `most`. Raises Invalid, naming the culprit."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise errors.Invalid(
            f"{name} must be a whole number from {least} to {most} in ASCII digits, "
            f"not {errors.shorten(value)}."
        )
    return value
