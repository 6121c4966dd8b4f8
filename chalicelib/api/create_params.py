"""What a create of v3 asks for: a window, perhaps of a host; and the uptime of a host."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalice.app import Request

from chalicelib import errors
from chalicelib.api import params, reading, windows
from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks.host_tasks import LEAST_START, MOST_START, START_SECONDS


class Wanted(NamedTuple):
    """A window, and which host shall measure it."""

    window: Window
    #: None for any worker.
    host: str | None
    #: Seconds within which the host must begin it.
    start_within: int


def wanted(request: Request, limits: Settings) -> Wanted:
    """Read what a create asks for, from the query or the body. Raises Invalid."""
    given = windows.fields(request, "host", "start_within")
    if "host" in given:
        window = windows.of(given, limits.for_hosts())
        return Wanted(window, params.host_name(given["host"]), start_within(given))
    if "start_within" in given:
        raise errors.Invalid("start_within needs a host: any worker begins other tasks at once.")
    return Wanted(windows.of(given, limits), None, START_SECONDS)


def start_within(given: Mapping[str, Any]) -> int:
    """Give the seconds within which a host must begin its task. Raises Invalid."""
    seconds = given.get("start_within", START_SECONDS)
    return reading.whole("start_within", seconds, MOST_START, least=LEAST_START)


def uptime(request: Request) -> tuple[bool, str | None]:
    """Tell whether a query asks for all numbers, and of which host; None is any worker's."""
    given = reading.query(request, "detail", "host")
    host = params.host_name(given["host"]) if "host" in given else None
    return reading.flag(given, "detail"), host
