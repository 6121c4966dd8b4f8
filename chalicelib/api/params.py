"""What a request asks for: what to see of a task, a page of a list, a user's fields."""

import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from chalice.app import Request

from chalicelib import errors
from chalicelib.api import reading
from chalicelib.hosts import model as hosts
from chalicelib.settings import Settings
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.model import Look, State, Task
from chalicelib.users import model as users
from chalicelib.users.model import User

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


def idempotency_key(request: Request) -> str | None:
    """Give the Idempotency-Key of a POST as the client sent it. None without one or for a GET."""
    given: str | None = request.headers.get("idempotency-key")
    return given if request.method == "POST" else None


def look(request: Request, limits: Settings) -> Look:
    """Read what a request wants to see of a task. Raises Invalid."""
    given = reading.query(request, "detail", "since", "timeout", "text")
    detail, text, timeout = how_to_look(given)
    since = reading.number(given.get("since", "0"))
    return Look(
        detail=detail,
        text=text,
        since=reading.whole("since", since, limits.max_count, least=0),
        timeout=timeout,
    )


def how_to_look(given: Mapping[str, str]) -> tuple[bool, bool, int]:
    """Give the flags "detail" and "text" of a query, and its "timeout". Raises Invalid."""
    detail, text = reading.flag(given, "detail"), reading.flag(given, "text")
    if text and not detail:
        raise errors.Invalid("text=1 needs detail=1: it adds the text to each report.")
    timeout = reading.number(given.get("timeout", "0"))
    return detail, text, reading.whole("timeout", timeout, MAX_TIMEOUT, least=0)


class TaskListing(NamedTuple):
    """Which page of the list of v3's tasks a request asks for."""

    limit: int
    #: Only tasks in this state; None is any.
    state: str | None
    #: Only tasks of this user; None is any.
    owner: str | None
    #: Only tasks for this host; None is any.
    host: str | None
    #: Where the page before this one ended, None for the first page.
    after: Cursor | None

    def wanted(self, task: Task) -> bool:
        """Tell whether a task belongs to the list."""
        mine = self.owner in (None, task.owner) and self.host in (None, task.target)
        return mine and self.state in (None, task.state)

    def next(self, cursor: Cursor | None) -> str | None:
        """Give the path of the page that begins after `cursor`, None if that is None."""
        if cursor is None:
            return None
        given = {
            "limit": self.limit,
            "state": self.state,
            "owner": self.owner,
            "host": self.host,
        }
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
    given = reading.query(request, "limit", "state", "owner", "host", "after")
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
        host=host_name(given["host"]) if "host" in given else None,
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


def limit(given: Mapping[str, str], default: int, most: int) -> int:
    """Give how many entries of a list a query asks for. Raises Invalid."""
    value = reading.number(given["limit"]) if "limit" in given else default
    return reading.whole("limit", value, most)


def host_name(given: object) -> str:
    """Give the name of a host as it was given. Raises Invalid for a name that cannot be one."""
    if not (isinstance(given, str) and hosts.is_name(given)):
        raise errors.Invalid(
            "host must be the name of a host, 1 to 32 of a-z 0-9 - with a letter or digit first "
            f"and last and at least one letter, not {errors.shorten(given)}."
        )
    return given


def _username(given: Mapping[str, str], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not users.is_name(value):
        raise errors.Invalid(f"{name} must be the name of a user, not {errors.shorten(value)}.")
    return value


def next_page(path: str, given: Mapping[str, Any], *, after: str) -> str:
    """Give the path of the page of a list that begins after `after`, asked for as `given` says."""
    query = {name: value for name, value in given.items() if value is not None}
    return f"{path}?{urllib.parse.urlencode({**query, 'after': after})}"
