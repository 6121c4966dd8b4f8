"""The use cases of users: find, list, create, replace, change, delete."""

import dataclasses
import random
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chalicelib import errors, log
from chalicelib.tasks import model as tasks
from chalicelib.tasks.ports import Clock, Conflict, UserStore
from chalicelib.users import model as users
from chalicelib.users.model import User
from chalicelib.users.passwords import Passwords

Done = TypeVar("Done")

#: How often a change is tried while others change the same, and seconds between, at most.
_TRIES, _PAUSE = 20, 0.1


class UserService:
    """What admins do with users. Every method may raise Outage.

    `fields` are those of `fields.RULES`, by name, and fit the rules.
    """

    def __init__(self, *, store: UserStore, passwords: Passwords, clock: Clock) -> None:
        self._store, self._passwords, self._clock = store, passwords, clock

    def find(self, username: str) -> User:
        """The user of that name. Raises NoSuchUser."""
        user = self._store.get(username) if users.is_name(username) else None
        if user is None:
            raise errors.NoSuchUser(username)
        return user

    def page(self, after: str | None, limit: int) -> tuple[list[User], bool]:
        """The first `limit` users whose names come after that one, and whether there are more."""
        found = self._store.after(after, limit + 1)
        return found[:limit], len(found) > limit

    def create(self, fields: Mapping[str, Any]) -> User:
        """A new user. Raises UsernameTaken."""
        user = self._whole(fields)
        self._insist(lambda: self._store.write(None, user))
        log.event("user created", user=user.username, admin=user.admin)
        return user

    def replace(self, username: str, fields: Mapping[str, Any]) -> tuple[User, bool]:
        """The user who takes the place of that one, and whether there was one.

        Raises Invalid where there was none and `fields` have another name, UsernameTaken,
        LastAdmin.
        """
        user = self._whole(fields)

        def attempt() -> bool:
            before = self._store.get(username) if users.is_name(username) else None
            if before is None and user.username != username:
                raise errors.Invalid(
                    f"There is no user {errors.shorten(username)} to rename, and a new one must "
                    f"bear the name of its path, not {errors.shorten(user.username)}."
                )
            self._put(before, user)
            return before is not None

        was_there = self._insist(attempt)
        log.event("user replaced", user=username, became=user.username, admin=user.admin)
        return user, was_there

    def change(self, username: str, fields: Mapping[str, Any]) -> User:
        """The user with `fields` changed. Raises NoSuchUser, UsernameTaken, LastAdmin."""
        changes = self._hashed(fields)

        def attempt() -> User:
            before = self.find(username)
            after = dataclasses.replace(before, **changes)
            self._store.write(before, after)
            return after

        user = self._insist(attempt)
        log.event("user changed", user=username, became=user.username, changed=sorted(fields))
        return user

    def delete(self, username: str) -> None:
        """No such user any more. Raises NoSuchUser, LastAdmin."""
        self._insist(lambda: self._store.write(self.find(username), None))
        log.event("user deleted", user=username)

    def make_admin(self, username: str, password: str) -> bool:
        """An admin of that name and password, for an operator; whether there was such a user,
        who is one now and keeps the rest.
        """
        fields = self._hashed({"username": username, "password": password, "admin": True})

        def attempt() -> bool:
            before = self._store.get(username)
            fullname = before.fullname if before else username
            self._put(before, User(fullname=fullname, **fields))
            return before is not None

        was_there = self._insist(attempt)
        log.event("admin made", user=username)
        return was_there

    def _put(self, before: User | None, after: User) -> None:
        """Write one who takes the place of `before`, also where there was none."""
        try:
            self._store.write(before, after)
        except errors.UsernameTaken as taken:
            if before is None:
                # Made by somebody else meanwhile: there is one to replace now.
                raise Conflict from taken
            raise

    def _whole(self, fields: Mapping[str, Any]) -> User:
        return User(**{"admin": False, **self._hashed(fields)})

    def _hashed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields as a user keeps them."""
        kept = {**fields, "revision": tasks.new_id()}
        if "password" in kept:
            kept["password_hash"] = self._passwords.hash(kept.pop("password"))
        return kept

    def _insist(self, attempt: Callable[[], Done]) -> Done:
        """What `attempt` gives, once nobody else changes the same at the same moment."""
        for _ in range(_TRIES):
            try:
                return attempt()
            except Conflict:
                self._clock.sleep(random.uniform(0, _PAUSE))
        raise errors.Outage("Too many change the users at once; try again.")
