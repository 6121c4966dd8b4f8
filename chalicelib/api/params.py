"""What a request asks for: a window, what to see of a task, a page of a list, a user's fields."""

import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from chalice.app import Request

from chalicelib import errors
from chalicelib.api import links, reading
from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.model import Look, State, Task
from chalicelib.users import model as users
from chalicelib.users.model import User

#: What makes a window: two numbers, and two options.
_NUMBERS, _OPTIONS = ("count", "wait"), ("extended", "cpu")
_WINDOW = (*_NUMBERS, *_OPTIONS)
#: The most seconds that a caller may ask us to hold an answer: API Gateway gives up after 29.
MAX_TIMEOUT = 20
#: Entries of a page if the caller does not say how many, and the most that a caller may ask for.
TASKS, MAX_TASKS = 50, 100
USERS, MAX_USERS = 100, 1000


def nothing(request: Request) -> None:
    """Check that a route that takes no query gets none. Raises Invalid."""
    reading.query(request)


def detail(request: Request) -> bool:
    """Tell whether a query asks for everything that is known. Raises Invalid."""
    return reading.flag(reading.query(request, "detail"), "detail")


def deep(request: Request) -> bool:
    """Tell whether a query asks for a check of everything that is needed. Raises Invalid."""
    return reading.flag(reading.query(request, "deep"), "deep")


def version(request: Request) -> str | None:
    """Give the version of a file of the page that a query asks for. Raises Invalid."""
    return reading.query(request, "v").get("v")


def window(request: Request, limits: Settings) -> Window:
    """Read the window of a create: from the query or, for a POST, from the body.

    Raises Invalid for values that are not allowed, and for values in both places.
    """
    given: dict[str, Any] = reading.query(request, *_WINDOW)
    if request.method == "POST":
        posted = reading.body(request, *_WINDOW)
        if given and posted:
            names = f"{', '.join(_WINDOW[:-1])} and {_WINDOW[-1]}"
            raise errors.Invalid(f"Give {names} in the query or in the body, not in both.")
        if posted and reading.media_type(request) == reading.JSON:
            _check_unquoted(posted, *_NUMBERS)
            return window_of(posted, limits)
        given = given or posted
    return window_of(_typed(given), limits)


def window_at_once(request: Request, limits: Settings) -> tuple[Window, bool]:
    """Read the window that v1 measures while its caller waits, and whether to show numbers.

    Raises Invalid for numbers that are not allowed, and for a window that lasts too long.
    """
    given = reading.query(request, *_WINDOW, "detail")
    detail = reading.flag(given, "detail")
    window = window_of(_typed(given), limits)
    if window.seconds > limits.sync_seconds:
        options = "".join(f"&{name}=1" for name in _OPTIONS if getattr(window, name))
        path = f"/v2/iostat/?count={window.count}&wait={window.wait}{options}"
        raise errors.Invalid(
            f"A window of {window.seconds} s is too long for v1, which measures at "
            f"most {limits.sync_seconds:g} s; use {links.prefix(request)}{path} instead."
        )
    return window, detail


def idempotency_key(request: Request) -> str | None:
    """Give the Idempotency-Key of a POST as the client sent it. None without one or for a GET."""
    given: str | None = request.headers.get("idempotency-key")
    return given if request.method == "POST" else None


def look(request: Request, limits: Settings) -> Look:
    """Read what a request wants to see of a task. Raises Invalid."""
    given = reading.query(request, "detail", "since", "timeout", "text")
    detail, text = reading.flag(given, "detail"), reading.flag(given, "text")
    if text and not detail:
        raise errors.Invalid("text=1 needs detail=1: it adds the text to each report.")
    since = reading.number(given.get("since", "0"))
    timeout = reading.number(given.get("timeout", "0"))
    return Look(
        detail=detail,
        text=text,
        since=reading.whole("since", since, limits.max_count, least=0),
        timeout=reading.whole("timeout", timeout, MAX_TIMEOUT, least=0),
    )


class TaskListing(NamedTuple):
    """Which page of the list of v3's tasks a request asks for."""

    limit: int
    #: Only tasks in this state; None is any.
    state: str | None
    #: Only tasks of this user; None is any.
    owner: str | None
    #: Where the page before this one ended, None for the first page.
    after: Cursor | None

    def wanted(self, task: Task) -> bool:
        """Tell whether a task belongs to the list."""
        return self.state in (None, task.state) and self.owner in (None, task.owner)

    def next(self, cursor: Cursor | None) -> str | None:
        """Give the path of the page that begins after `cursor`, None if that is None."""
        if cursor is None:
            return None
        given = {"limit": self.limit, "state": self.state, "owner": self.owner}
        return next_page("/v3/task/", given, after=str(cursor))


class UserListing(NamedTuple):
    """Which page of the list of users a request asks for."""

    limit: int
    #: Whether the page has whole users or only their names.
    detail: bool
    #: The last name of the page before this one, None for the first page.
    after: str | None

    def next(self, found: Sequence[User], more: bool) -> str | None:
        """Give the path of the page after the users `found`, None if there are no `more`."""
        if not more:
            return None
        given = {"limit": self.limit, "detail": 1 if self.detail else None}
        return next_page("/v3/users/", given, after=found[-1].username)


def task_page(request: Request) -> TaskListing:
    """Read which page of v3's tasks a request asks for. Raises Invalid."""
    given = reading.query(request, "limit", "state", "owner", "after")
    state, after = given.get("state"), given.get("after")
    if state is not None and state not in set(State):
        raise errors.Invalid(
            f"state must be one of {', '.join(State)}, not {errors.shorten(state)}."
        )
    cursor = None if after is None else Cursor.parse(after)
    return TaskListing(
        limit=limit(given, TASKS, MAX_TASKS),
        state=state,
        owner=_username(given, "owner"),
        after=cursor,
    )


def user_page(request: Request) -> UserListing:
    """Read which page of the users a request asks for. Raises Invalid."""
    given = reading.query(request, "limit", "detail", "after")
    detail = reading.flag(given, "detail")
    return UserListing(
        limit=limit(given, USERS, MAX_USERS), detail=detail, after=_username(given, "after")
    )


def user(request: Request) -> tuple[dict[str, Any], bool]:
    """Give the fields of a user in a body, and whether the body is a form. Raises Invalid.

    The use case checks the fields by their rules.
    """
    nothing(request)
    return reading.body(request), reading.media_type(request) == reading.FORM


def window_of(given: Mapping[str, object], limits: Settings) -> Window:
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


def limit(given: Mapping[str, str], default: int, most: int) -> int:
    """Give how many entries of a list a query asks for. Raises Invalid."""
    value = reading.number(given["limit"]) if "limit" in given else default
    return reading.whole("limit", value, most)


def _username(given: Mapping[str, str], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not users.is_name(value):
        raise errors.Invalid(f"{name} must be the name of a user, not {errors.shorten(value)}.")
    return value


def next_page(path: str, given: Mapping[str, Any], *, after: str) -> str:
    """Give the path of the page of a list that begins after `after`, asked for as `given` says."""
    query = {name: value for name, value in given.items() if value is not None}
    return f"{path}?{urllib.parse.urlencode({**query, 'after': after})}"
