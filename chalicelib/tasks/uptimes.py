"""The uptime of a host, as the only report of its task."""

import json
import math
from typing import NamedTuple

from chalicelib.measure.model import Machine

#: The most characters of a line of uptime: a host may write what it likes.
_MOST = 500


class Uptime(NamedTuple):
    """What a host says of its uptime."""

    #: The line that ``uptime`` prints.
    uptime: str
    #: Seconds since its boot, users that are logged in, and the load of 1, 5 and 15 minutes.
    seconds: float
    users: int
    load: list[float]
    #: The node name.
    host: str


def tell(machine: Machine) -> str:
    """Give the report of a machine's uptime. Raises MachineFailed."""
    return json.dumps(machine.uptime_numbers())


def read(text: str) -> Uptime | None:
    """Read the report of an uptime; None if it is not one."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match told:
        case {
            "uptime": str(line),
            "seconds": int() | float() as seconds,
            "users": int(users),
            "load": [*load],
            "host": str(host),
        } if len(load) == 3 and all(_is_number(it) for it in [seconds, users, *load]):
            return Uptime(line[:_MOST], seconds, users, load, host[:_MOST])
    return None


def _is_number(thing: object) -> bool:
    return type(thing) in (int, float) and math.isfinite(thing)  # type: ignore[arg-type]
