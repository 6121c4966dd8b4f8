"""What a request about groups asks for."""

from collections.abc import Mapping
from typing import Any

from chalice.app import Request

from chalicelib import errors
from chalicelib.api import create_params, params, reading, windows
from chalicelib.hosts import model as hosts
from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks.group import Asked, GroupLook
from chalicelib.tasks.model import What

#: The members of a body besides those of a window.
_OTHERS = ("hosts", "what", "start_within")


def asked(request: Request, limits: Settings) -> Asked:
    """Read what a body asks of hosts. Raises Invalid."""
    params.nothing(request)
    if reading.media_type(request) == reading.FORM:
        raise errors.Invalid("A group is asked for in JSON, because hosts is a list.")
    given = reading.body(request, *_OTHERS, *windows.NAMES)
    what = _what(given)
    window = {name: it for name, it in given.items() if name not in _OTHERS}
    if what is What.UPTIME and window:
        raise errors.Invalid(f"{min(window)} is for a window, and this asks for the uptime.")
    return Asked(
        hosts=_hosts(given, limits.max_hosts),
        what=what,
        window=windows.of(window, limits.for_hosts()) if window else Window(1, 1),
        start_within=create_params.start_within(given),
    )


def look(request: Request) -> GroupLook:
    """Read what a request wants to see of a group. Raises Invalid."""
    given = reading.query(request, "detail", "since", "timeout", "text")
    detail, text, timeout = params.how_to_look(given)
    return GroupLook(detail=detail, text=text, since=given.get("since"), timeout=timeout)


def _what(given: Mapping[str, Any]) -> What:
    what = given.get("what", What.IOSTAT)
    if not (isinstance(what, str) and what in set(What)):
        raise errors.Invalid(f"what must be iostat or uptime, not {errors.shorten(what)}.")
    return What(what)


def _hosts(given: Mapping[str, Any], most: int) -> tuple[str, ...]:
    found = given.get("hosts")
    if not isinstance(found, list) or not 0 < len(found) <= most:
        raise errors.Invalid(f"hosts must be a list of 1 to {most} names, in which * and ? may be.")
    for it in found:
        if not (isinstance(it, str) and (hosts.is_name(it) or _is_glob(it))):
            raise errors.Invalid(
                "hosts must be names of hosts, in which * stands for any text and ? for any "
                f"character, and {errors.shorten(it)} is not."
            )
    return tuple(found)


def _is_glob(text: str) -> bool:
    return hosts.is_glob(text) and ("*" in text or "?" in text)
