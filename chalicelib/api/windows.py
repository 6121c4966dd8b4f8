"""The window that a request asks for."""

from collections.abc import Mapping
from typing import Any

from chalice.app import Request

from chalicelib import errors
from chalicelib.api import links, reading
from chalicelib.measure.model import Window
from chalicelib.settings import Settings

#: What makes a window: two numbers, and two options.
_NUMBERS, _OPTIONS = ("count", "wait"), ("extended", "cpu")
NAMES = (*_NUMBERS, *_OPTIONS)


def read(request: Request, limits: Settings) -> Window:
    """Read the window of a create: from the query or, for a POST, from the body.

    Raises Invalid for values that are not allowed, and for values in both places.
    """
    return of(fields(request), limits)


def fields(request: Request, *more: str) -> Mapping[str, Any]:
    """Give what a create says of its window, and of the names in `more`, as JSON has it.

    It is read from the query or, for a POST, from the body. Raises Invalid for other names, and
    for values in both places.
    """
    allowed = (*NAMES, *more)
    given: dict[str, Any] = reading.query(request, *allowed)
    if request.method == "POST":
        posted = reading.body(request, *allowed)
        if given and posted:
            names = f"{', '.join(allowed[:-1])} and {allowed[-1]}"
            raise errors.Invalid(f"Give {names} in the query or in the body, not in both.")
        if posted and reading.media_type(request) == reading.JSON:
            _check_unquoted(posted, *_NUMBERS)
            return posted
        given = given or posted
    return {
        **_typed(given),
        **{name: reading.number(given[name]) for name in more if name in given},
    }


def at_once(request: Request, limits: Settings) -> tuple[Window, bool]:
    """Read the window that v1 measures while its caller waits, and whether to show numbers.

    Raises Invalid for numbers that are not allowed, and for a window that lasts too long.
    """
    given = reading.query(request, *NAMES, "detail")
    detail = reading.flag(given, "detail")
    window = of(_typed(given), limits)
    if window.seconds > limits.sync_seconds:
        options = "".join(f"&{name}=1" for name in _OPTIONS if getattr(window, name))
        path = f"/v2/iostat/?count={window.count}&wait={window.wait}{options}"
        raise errors.Invalid(
            f"A window of {window.seconds} s is too long for v1, which measures at "
            f"most {limits.sync_seconds:g} s; use {links.prefix(request)}{path} instead."
        )
    return window, detail


def of(given: Mapping[str, object], limits: Settings) -> Window:
    """Give the window of "count" and "wait", both 1 if missing, and of "extended" and "cpu".

    Raises Invalid for a number that is not an int or is out of bounds, for "wait" with a "count" of
    1, for a window that lasts too long, and for an option that is not a bool.
    """
    window = Window(
        count=reading.whole("count", given.get("count", 1), limits.max_count),
        wait=reading.whole("wait", given.get("wait", 1), limits.max_wait),
        extended=reading.boolean("extended", given.get("extended", False)),
        cpu=reading.boolean("cpu", given.get("cpu", False)),
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


def _check_unquoted(given: Mapping[str, object], *names: str) -> None:
    """Raise Invalid for a number of a JSON body that is in quotes."""
    for name in names:
        value = given.get(name)
        if isinstance(value, str) and isinstance(reading.number(value), int):
            raise errors.Invalid.quoting(
                f"{name} must be a JSON number, not a string: leave out the quotes of ", value
            )


def _typed(given: Mapping[str, str]) -> dict[str, int | str | bool]:
    """Give what a query or a form says of a window, with the types that JSON has."""
    found: dict[str, int | str | bool] = {
        name: reading.number(given[name]) for name in _NUMBERS if name in given
    }
    return found | {name: reading.flag(given, name) for name in _OPTIONS}
