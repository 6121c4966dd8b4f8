"""Times as people read them."""

import calendar
import time

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))


def seconds_of(text: str) -> int:
    """Give the seconds since the epoch of a time of RFC 3339 in UTC."""
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def ago(text: str) -> str:
    """Give how long a time is ago, such as "3 d"."""
    passed = max(0, int(time.time()) - seconds_of(text))
    return next(
        (f"{passed // size} {unit}" for size, unit in _UNITS if passed >= size), f"{passed} s"
    )


def here(text: str) -> str:
    """Give a time in this machine's time zone, as iostat writes it (S_TIME_FORMAT=ISO)."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(seconds_of(text)))
