"""An invocation of Lambda, and how long it lasts."""

from typing import Any


def seconds_left(context: Any) -> float:
    """The seconds that an invocation has left, by the context that Lambda gives it."""
    return float(context.get_remaining_time_in_millis()) / 1000
