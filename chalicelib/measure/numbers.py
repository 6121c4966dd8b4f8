"""The numbers in a report: its devices, by iostat's own columns, whatever sysstat it is of."""

import re

#: As many digits as no counter has: int() and JSON have limits of their own.
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]+", re.ASCII)
#: Characters of a column's name; it is repeated for every device.
_COLUMN = 40

Device = dict[str, str | int | float]


def read(text: str) -> list[Device]:
    """The devices of one report, as ``iostat -d`` of sysstat 11 and 12 lays them out.

    Each has "device" and every column of the heading by its name there ("tps", and in KiB
    "kB_read/s", …), an int where there is no point in it. None at all where one line is not as the
    heading says.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    headings = [at for at, line in enumerate(lines) if line.split()[0] in ("Device", "Device:")]
    if len(headings) != 1:
        return []
    columns = lines[headings[0]].split()[1:]
    if len(set(columns)) < len(columns) or "device" in columns:
        return []
    if any(len(column) > _COLUMN for column in columns):
        return []
    found = [_device(line, columns) for line in lines[headings[0] + 1 :]]
    return [device for device in found if device] if all(found) else []


def _device(line: str, columns: list[str]) -> Device | None:
    # A name that device mapper was given may have spaces in it.
    name, *numbers = line.rsplit(None, len(columns))
    if len(numbers) < len(columns) or not all(_NUMBER.fullmatch(it) for it in numbers):
        return None
    values = (int(it) if _WHOLE.fullmatch(it) else float(it) for it in numbers)
    return {"device": name.strip(), **dict(zip(columns, values, strict=True))}
