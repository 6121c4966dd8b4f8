"""The numbers in what ``uptime`` prints."""

import re

from chalicelib import errors

_DAY, _HOUR, _MINUTE = 86_400, 3600, 60
#: procps: "up 14 days,  7:33," and "up 5 min,"; macOS also: "up 2 hrs," and "up 30 secs,".
_UP = re.compile(
    r"\bup +(?:(?P<days>\d+) days?, *)?"
    r"(?:(?P<hours>\d+):(?P<minutes>\d+)|(?P<amount>\d+) (?P<unit>min|hr|sec)s?)?"
)
_UNITS = {"min": _MINUTE, "hr": _HOUR, "sec": 1}
_USERS = re.compile(r"(\d+) users?\b")
_LOAD = re.compile(r"load averages?: +([0-9.]+),? +([0-9.]+),? +([0-9.]+)")


def numbers(text: str, seconds: float | None) -> dict[str, object]:
    """The "seconds" since boot (float; those of the text where none are given), "users" (int) and
    "load" (three floats) of a line of uptime's. Raises MachineFailed.
    """
    up, load, users = _UP.search(text), _LOAD.search(text), _USERS.search(text)
    if not (up and load):
        raise errors.MachineFailed(f"uptime cannot be read: {text}")
    return {
        "seconds": _seconds(up) if seconds is None else seconds,
        "users": int(users[1]) if users else 0,
        "load": [float(it) for it in load.groups()],
    }


def _seconds(up: re.Match[str]) -> float:
    part = {name: int(it) for name, it in up.groupdict().items() if it and name != "unit"}
    whole = part.get("days", 0) * _DAY + part.get("hours", 0) * _HOUR
    whole += part.get("minutes", 0) * _MINUTE
    return float(whole + part.get("amount", 0) * _UNITS.get(up["unit"] or "", 0))
