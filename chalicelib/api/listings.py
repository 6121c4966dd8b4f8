"""Listings: which part of a long list is asked for, and what leads on from it."""

import dataclasses
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import errors
from chalicelib.measure import model as windows
from chalicelib.tasks.model import Cursor, State, Task
from chalicelib.users import model as users
from chalicelib.users.model import User

#: Entries of a page where nobody says how many, and at most.
TASKS, MAX_TASKS = 50, 100
USERS, MAX_USERS = 100, 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaskListing:
    """A page of v3's tasks."""

    limit: int
    state: str | None
    owner: str | None
    #: Where the page before this one ended.
    after: Cursor | None

    def wanted(self, task: Task) -> bool:
        """Whether a task belongs to the list."""
        return self.state in (None, task.state) and self.owner in (None, task.owner)

    def next(self, place: Cursor | None) -> str | None:
        """The path of the page that begins there, None where there is none."""
        if place is None:
            return None
        given = {"limit": self.limit, "state": self.state, "owner": self.owner}
        return _path("/v3/task/", given, after=str(place))


@dataclasses.dataclass(frozen=True, kw_only=True)
class UserListing:
    """A page of the users."""

    limit: int
    #: Whole users, not names alone.
    detail: bool
    #: The last name of the page before this one.
    after: str | None

    def next(self, found: Sequence[User], more: bool) -> str | None:
        """The path of the page after those users, None where there are no more."""
        if not more:
            return None
        given = {"limit": self.limit, "detail": 1 if self.detail else None}
        return _path("/v3/users/", given, after=found[-1].username)


def of_tasks(given: Mapping[str, str]) -> TaskListing:
    """The page of tasks that a query asks for. Raises Invalid."""
    state, after = given.get("state"), given.get("after")
    if state is not None and state not in set(State):
        raise errors.Invalid(
            f"state must be one of {', '.join(State)}, not {errors.shorten(state)}."
        )
    place = None if after is None else Cursor.parse(after)
    return TaskListing(
        limit=_whole(given, "limit", TASKS, MAX_TASKS),
        state=state,
        owner=_name(given, "owner"),
        after=place,
    )


def of_users(given: Mapping[str, str], *, detail: bool) -> UserListing:
    """The page of users that a query asks for. Raises Invalid."""
    return UserListing(
        limit=_whole(given, "limit", USERS, MAX_USERS),
        detail=detail,
        after=_name(given, "after"),
    )


def _whole(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    """The number of that name in a query, from 1 to `most`. Raises Invalid."""
    value = windows.number(given[name]) if name in given else default
    return windows.whole(name, value, most)


def _name(given: Mapping[str, str], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not users.is_name(value):
        raise errors.Invalid(f"{name} must be the name of a user, not {errors.shorten(value)}.")
    return value


def _path(path: str, given: Mapping[str, Any], *, after: str) -> str:
    query = {name: value for name, value in given.items() if value is not None}
    return f"{path}?{urllib.parse.urlencode({**query, 'after': after})}"
