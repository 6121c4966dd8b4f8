"""The numbers in the texts of iostat and uptime."""

import re

from chalicelib import errors

#: More digits than any counter has. int() and JSON have limits of their own beyond that.
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]+", re.ASCII)
#: The most characters of a column's name, because the answer repeats it for every device.
_COLUMN = 40

_DAY, _HOUR, _MINUTE = 86_400, 3600, 60
#: procps writes "up 14 days,  7:33," and "up 5 min,"; macOS also "up 2 hrs," and "up 30 secs,".
_UP = re.compile(
    r"\bup +(?:(?P<days>\d+) days?, *)?"
    r"(?:(?P<hours>\d+):(?P<minutes>\d+)|(?P<amount>\d+) (?P<unit>min|hr|sec)s?)?"
)
_UNITS = {"min": _MINUTE, "hr": _HOUR, "sec": 1}
_USERS = re.compile(r"(\d+) users?\b")
_LOAD = re.compile(r"load averages?: +([0-9.]+),? +([0-9.]+),? +([0-9.]+)")

Device = dict[str, str | int | float]
Cpu = dict[str, int | float]


def read_report(text: str) -> list[Device]:
    """Read the devices of one report, as ``iostat -d`` of sysstat 11 and 12 writes them.

    Each device has its name as "device", and every column by the name in the heading: "tps",
    "kB_read/s" (KiB/s), "kB_read" (KiB) and so on, or with -x "r/s", "r_await" (ms), "%util" and so
    on. A number is an int if it has no point, else a float. Gives [] if the heading cannot be read,
    or if one line does not fit it.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    headings = [at for at, line in enumerate(lines) if line.split()[0] in ("Device", "Device:")]
    if len(headings) != 1:
        return []
    columns = lines[headings[0]].split()[1:]
    if not _are_names(columns) or "device" in columns:
        return []
    found = [_device(line, columns) for line in lines[headings[0] + 1 :]]
    return [device for device in found if device] if all(found) else []


def _device(line: str, columns: list[str]) -> Device | None:
    # The name of a device-mapper device may have spaces in it.
    name, *numbers = line.rsplit(None, len(columns))
    values = _by_column(columns, numbers)
    return None if values is None else {"device": name.strip(), **values}


def read_cpu(text: str) -> Cpu | None:
    """Read the CPU block of one report, as ``iostat -c`` writes it, in percent.

    Every column has the name in the heading: "%user", "%nice", "%system", "%iowait", "%steal",
    "%idle". Gives None if there is no such block, or if it cannot be read.
    """
    lines = text.split("\n")
    headings = [at for at, line in enumerate(lines) if line.startswith("avg-cpu:")]
    if len(headings) != 1 or headings[0] + 1 == len(lines):
        return None
    columns, numbers = lines[headings[0]].split()[1:], lines[headings[0] + 1].split()
    return _by_column(columns, numbers) if columns and _are_names(columns) else None


def _are_names(columns: list[str]) -> bool:
    """Tell whether these can be the names of columns, each of another one."""
    return len(set(columns)) == len(columns) and all(len(it) <= _COLUMN for it in columns)


def _by_column(columns: list[str], numbers: list[str]) -> Cpu | None:
    if len(numbers) != len(columns) or not all(_NUMBER.fullmatch(it) for it in numbers):
        return None
    values = (int(it) if _WHOLE.fullmatch(it) else float(it) for it in numbers)
    return dict(zip(columns, values, strict=True))


def read_uptime(text: str, seconds: float | None) -> dict[str, object]:
    """Read a line of uptime: "seconds" since boot (float), "users" (int), "load" (three floats).

    "seconds" is `seconds`. If that is None, it is read from the text, which is less precise. Raises
    MachineFailed for a line that is not one of uptime's.
    """
    up, load, users = _UP.search(text), _LOAD.search(text), _USERS.search(text)
    if not (up and load):
        raise errors.MachineFailed(f"The line of uptime cannot be read: {text}")
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
