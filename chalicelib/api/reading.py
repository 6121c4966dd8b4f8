"""Reading a request strictly: its query, its body, and the numbers and flags in them."""

import json
import re
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, cast

from chalice.app import Request

from chalicelib import errors
from chalicelib.api import links

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
HTML = "text/html"

#: Where `query` puts the names that a path knows, in the context of the request, for the log.
KNOWN = "hoststatKnown"

#: More digits than any bound has. int() raises an error for thousands of digits.
_DIGITS = re.compile("[0-9]{1,18}", re.ASCII)


def query(request: Request, *allowed: str) -> dict[str, str]:
    """Give the values of the query by name. Raises Invalid for an unknown or repeated name."""
    request.context[KNOWN] = allowed
    given = request.query_params
    if given is None:
        return {}
    for name in given:
        _known(name, allowed, "The query", request)
        times = len(given.getlist(name))
        if times > 1:
            raise errors.Invalid(f"{name} was given {times} times; give it once.")
    return dict(given)


def wants_page(request: Request) -> bool:
    """Tell whether the sender is a browser that wants to show a page: its Accept names HTML."""
    accepted = str(request.headers.get("accept", "")).lower().split(",")
    return any(it.partition(";")[0].strip() == HTML for it in accepted)


def media_type(request: Request) -> str:
    """Give the type of the body in lower case, without parameters; JSON if none is named."""
    return str(request.headers.get("content-type", JSON)).partition(";")[0].strip().lower()


def body(request: Request, *allowed: str) -> dict[str, Any]:
    """Give the fields of the body by name: JSON values, or the strings of a form.

    Gives {} if there is no body. Without `allowed` every name is allowed. Raises Invalid for a body
    that cannot be read, is not an object, or has an unknown or repeated field.
    """
    raw = cast(bytes, request.raw_body)
    if not raw:
        return {}
    read = _read_form if media_type(request) == FORM else _read_json
    fields = _unique(read(raw))
    for name in fields if allowed else ():
        _known(name, allowed, "The body", request)
    return fields


def flag(given: Mapping[str, str], name: str) -> bool:
    """Tell whether a query says 1 for that name; 0 and nothing mean no. Else raises Invalid."""
    if given.get(name, "0") not in ("0", "1"):
        raise errors.Invalid.quoting(f"{name} must be 0 or 1, not ", given[name])
    return given.get(name) == "1"


def boolean(name: str, value: object) -> bool:
    """Give `value` if it is a JSON boolean. Raises Invalid, which says `name`."""
    if not isinstance(value, bool):
        raise errors.Invalid.quoting(f"{name} must be true or false, not ", value)
    return value


def number(text: str) -> int | str:
    """Give the number that `text` writes in ASCII digits, or `text` itself if it is not one.

    int() also accepts signs, spaces and other digits. We are strict because iostat takes a number
    of another form for the name of a device: ``iostat -d 1.5 2`` runs for ever.
    """
    digits = text.lstrip("0") or text[-1:]
    return int(digits) if _DIGITS.fullmatch(digits) else text


def whole(name: str, value: object, most: int, least: int = 1) -> int:
    """Give `value` if it is an int from `least` to `most`. Raises Invalid, which says `name`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise errors.Invalid.quoting(
            f"{name} must be a whole number from {least} to {most} in ASCII digits, not ", value
        )
    return value


def _read_json(raw: bytes) -> list[tuple[str, Any]]:
    try:
        # An object becomes _Pairs, so that no field hides another one of its name.
        found = json.loads(raw, object_pairs_hook=_Pairs, parse_constant=_refuse)
    except (ValueError, RecursionError) as exc:
        raise errors.Invalid("The body must be JSON, but it cannot be read as JSON.") from exc
    if not isinstance(found, _Pairs):
        raise errors.Invalid("The body must be a JSON object.")
    return found


def _read_form(raw: bytes) -> list[tuple[str, Any]]:
    if raw.lstrip().startswith((b"{", b"[")):
        # curl calls every body a form unless it is told otherwise.
        raise errors.Invalid(
            "The body looks like JSON, but it was sent as a form; "
            "send Content-Type: application/json with it."
        )
    try:
        text = raw.decode("ascii")
        return urllib.parse.parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except ValueError as exc:
        raise errors.Invalid("The body must be a form, but it cannot be read as a form.") from exc


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written, with every pair."""


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise errors.Invalid.quoting("The body gives ", name, " more than once.")
        fields[name] = value
    return fields


def _known(name: str, allowed: Iterable[str], where: str, request: Request) -> None:
    if name not in allowed:
        names = ", ".join(allowed) or "none"
        more = _who_knows_hosts(request) if name == "host" else ""
        raise errors.Invalid.quoting(f"{where} has ", name, f"; allowed here: {names}.{more}")


def _who_knows_hosts(request: Request) -> str:
    """Say where a host is asked for what the path measures here; "" if it measures nothing."""
    what = request.path.strip("/").partition("/")[2]
    if what not in ("uptime", "iostat"):
        return ""
    return f" v3 measures hosts: GET {links.prefix(request)}/v3/{what}/?host=NAME."
