"""What a request brings along: its query and its body, read strictly.

What only v3 needs is imported where it is needed: v1 starts without.
"""

import json
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, cast

from chalice.app import Request

from chalicelib import errors
from chalicelib.measure import model as windows
from chalicelib.measure.model import Window
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from chalicelib.api.listings import TaskListing, UserListing
    from chalicelib.tasks.model import Look

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
#: Seconds that a caller may ask an answer to be held: API Gateway gives up after 29.
MAX_TIMEOUT = 20


def query(request: Request, *allowed: str) -> dict[str, str]:
    """The query's values by name. Raises Invalid for an unknown or a repeated name."""
    given = request.query_params
    if given is None:
        return {}
    for name in given:
        _known(name, allowed, "The query")
        times = len(given.getlist(name))
        if times > 1:
            raise errors.Invalid(f"{name} was given {times} times, once is allowed.")
    return dict(given)


def media_type(request: Request) -> str:
    """The type of the body, in lower case and without parameters; JSON if it says none."""
    return str(request.headers.get("content-type", JSON)).partition(";")[0].strip().lower()


def body(request: Request, *allowed: str) -> dict[str, Any]:
    """The body's fields by name: any JSON values, or a form's strings; {} where there is none.

    Raises Invalid for what cannot be read, is no object, or has an unknown or a repeated field.
    """
    raw = cast(bytes, request.raw_body)
    if not raw:
        return {}
    read = _read_form if media_type(request) == FORM else _read_json
    fields = _unique(read(raw))
    for name in fields:
        _known(name, allowed, "The body")
    return fields


def window(request: Request, limits: Settings, *more: str) -> Window:
    """The window that a request asks for, in its query or, posted, in its body.

    The query may have `more` names. Raises Invalid where it does so in both, or in neither well.
    """
    given: dict[str, Any] = query(request, "count", "wait", *more)
    given = {name: it for name, it in given.items() if name not in more}
    if request.method == "POST":
        posted = body(request, "count", "wait")
        if given and posted:
            raise errors.Invalid("Give count and wait in the query or in the body, not in both.")
        if posted and media_type(request) == JSON:
            return windows.read(posted, limits)
        given = given or posted
    return windows.read({name: windows.number(text) for name, text in given.items()}, limits)


def flag(given: Mapping[str, str], name: str) -> bool:
    """Whether a query says 1 for that name, 0 or nothing being no. Raises Invalid."""
    if given.get(name, "0") not in ("0", "1"):
        raise errors.Invalid(f"{name} must be 0 or 1, not {errors.shorten(given[name])}.")
    return given.get(name) == "1"


def key(request: Request, *scope: str) -> str | None:
    """What the Idempotency-Key of a POST is stored as, None where there is none.

    Raises Invalid for one that is none.
    """
    given = request.headers.get("idempotency-key")
    if request.method != "POST" or given is None:
        return None
    from chalicelib.tasks import idempotency as keys

    return keys.digest(given, *scope)


def detail(request: Request, *more: str) -> bool:
    """Whether a query asks for all that is known; it may have `more` names. Raises Invalid."""
    return flag(query(request, "detail", *more), "detail")


def look(request: Request, limits: Settings) -> "Look":
    """What a request wants to see of a task. Raises Invalid."""
    from chalicelib.tasks.model import Look

    given = query(request, "detail", "since", "timeout")
    return Look(
        detail=flag(given, "detail"),
        since=_whole(given, "since", limits.max_count),
        timeout=_whole(given, "timeout", MAX_TIMEOUT),
    )


def _whole(given: Mapping[str, str], name: str, most: int) -> int:
    number = windows.number(given.get(name, "0"))
    return windows.whole(name, number, most, least=0)


def tasks(request: Request) -> "TaskListing":
    """The page of v3's tasks that a request asks for. Raises Invalid."""
    from chalicelib.api import listings

    return listings.of_tasks(query(request, "limit", "state", "owner", "after"))


def users(request: Request) -> "UserListing":
    """The page of users that a request asks for. Raises Invalid."""
    from chalicelib.api import listings

    given = query(request, "limit", "detail", "after")
    return listings.of_users(given, detail=flag(given, "detail"))


def user(request: Request, *, whole: bool) -> dict[str, Any]:
    """What a body says of a user: a whole one, or some of it.

    Raises Invalid for what is missing, unknown, repeated or breaks its rule.
    """
    from chalicelib.users import fields

    query(request)
    given = body(request, *fields.RULES)
    form = media_type(request) == FORM
    return fields.read(given, required=fields.REQUIRED if whole else (), form=form)


def _read_json(raw: bytes) -> list[tuple[str, Any]]:
    try:
        # Objects become _Pairs, so that no field is lost to another of its name.
        found = json.loads(raw, object_pairs_hook=_Pairs, parse_constant=_refuse)
    except (ValueError, RecursionError) as exc:
        raise errors.Invalid("The body must be JSON, and cannot be read as that.") from exc
    if not isinstance(found, _Pairs):
        raise errors.Invalid("The body must be a JSON object.")
    return found


def _read_form(raw: bytes) -> list[tuple[str, Any]]:
    try:
        text = raw.decode("ascii")
        return urllib.parse.parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except ValueError as exc:
        raise errors.Invalid("The body must be a form, and cannot be read as one.") from exc


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise errors.Invalid(f"The body gives {errors.shorten(name)} more than once.")
        fields[name] = value
    return fields


def _known(name: str, allowed: Iterable[str], where: str) -> None:
    if name not in allowed:
        names = ", ".join(allowed) or "none"
        raise errors.Invalid(f"{where} has {errors.shorten(name)}; allowed here: {names}.")
