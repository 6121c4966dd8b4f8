"""The use cases of users: find, list, create, replace, change, delete."""

import random
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chalicelib import errors, ids, log
from chalicelib.clock import Clock
from chalicelib.users import fields, model
from chalicelib.users.model import User, UserStore
from chalicelib.users.passwords import Passwords

Done = TypeVar("Done")

#: Tries to write a change while others change the same user, and the most seconds between two.
_TRIES, _PAUSE = 20, 0.1
#: Users that are read at once.
_PAGE = 1000


class UserService:
    """The use cases of users. Every method may raise Outage.

    `given` are the fields of a body, in a `form` all strings. Those that break a rule of
    `fields.RULES` raise Invalid. `by` is who changes something, for the log.
    """

    def __init__(self, *, store: UserStore, passwords: Passwords, clock: Clock) -> None:
        self._store, self._passwords, self._clock = store, passwords, clock

    def find(self, username: str) -> User:
        """Give the user of that name. Raises NoSuchUser."""
        user = self._store.get(username) if model.is_name(username) else None
        if user is None:
            raise errors.NoSuchUser(username)
        return user

    def page(self, after: str | None, limit: int) -> tuple[list[User], bool]:
        """Give at most `limit` users in the order of their names, and whether more follow.

        They begin after the name `after`, or with the first one if that is None.
        """
        found = self._store.after(after, limit + 1)
        return found[:limit], len(found) > limit

    def create(
        self, given: Mapping[str, object], *, form: bool = False, by: str = log.OPERATOR
    ) -> User:
        """Create a user. Raises Invalid, UsernameTaken."""
        user = self._whole(given, form)
        self._insist(lambda: self._store.write(None, user))
        log.event("user created", user=user.username, admin=user.admin, by=by)
        return user

    def replace(
        self,
        username: str,
        given: Mapping[str, object],
        *,
        form: bool = False,
        by: str = log.OPERATOR,
    ) -> tuple[User, bool]:
        """Put a user in the place of `username`; also tell whether there was one.

        Raises UsernameTaken, LastAdmin, and Invalid. Invalid is also raised if there was none and
        `given` has another name than `username`.
        """
        user = self._whole(given, form)

        def attempt() -> bool:
            before = self._store.get(username) if model.is_name(username) else None
            if before is None and user.username != username:
                raise errors.Invalid.quoting(
                    f"There is no user {errors.shorten(username)} to rename, and a new user "
                    "must have the name that is in the path, not ",
                    user.username,
                )
            self._put(before, user)
            return before is not None

        was_there = self._insist(attempt)
        if was_there:
            log.event("user replaced", user=username, became=user.username, admin=user.admin, by=by)
        else:
            log.event("user created", user=username, admin=user.admin, by=by)
        return user, was_there

    def change(
        self,
        username: str,
        given: Mapping[str, object],
        *,
        form: bool = False,
        by: str = log.OPERATOR,
    ) -> User:
        """Change some fields of a user. Raises Invalid, NoSuchUser, UsernameTaken, LastAdmin."""
        changes = self._hashed(fields.read(given, form=form))

        def attempt() -> User:
            before = self.find(username)
            after = before._replace(**changes)
            self._store.write(before, after)
            return after

        user = self._insist(attempt)
        log.event(
            "user changed",
            user=username,
            became=user.username,
            admin=user.admin,
            changed=sorted(given),
            by=by,
        )
        return user

    def delete(self, username: str, *, by: str = log.OPERATOR) -> None:
        """Delete a user. Raises NoSuchUser, LastAdmin."""
        self._insist(lambda: self._store.write(self.find(username), None))
        log.event("user deleted", user=username, by=by)

    def has_admin(self) -> bool:
        """Tell whether any user is an admin."""
        after, more = None, True
        while more:
            found, more = self.page(after, _PAGE)
            if any(user.admin for user in found):
                return True
            after = found[-1].username if found else None
        return False

    def make_admin(self, username: str, password: str) -> bool:
        """Make an admin, for an operator; tell whether there was a user of that name.

        Such a user becomes an admin with that password; nothing else changes. Raises Invalid.
        """
        given = fields.read({"username": username, "password": password})
        hashed = self._hashed({**given, "admin": True})

        def attempt() -> bool:
            before = self._store.get(username)
            known = before or User(username=username, fullname=username)
            self._put(before, known._replace(**hashed))
            return before is not None

        was_there = self._insist(attempt)
        log.event("admin made", user=username, by=log.OPERATOR)
        return was_there

    def _put(self, before: User | None, after: User) -> None:
        """Write a user in the place of `before`, or as a new one. Raises Conflict."""
        try:
            self._store.write(before, after)
        except errors.UsernameTaken as taken:
            if before is None:
                # Somebody created it in the meantime: now there is one to replace.
                raise errors.Conflict from taken
            raise

    def _whole(self, given: Mapping[str, object], form: bool) -> User:
        read = fields.read(given, required=model.REQUIRED, form=form)
        return User(**self._hashed(read))

    def _hashed(self, read: Mapping[str, Any]) -> dict[str, Any]:
        """Give fields as they are stored: a hash for the password, and a new revision."""
        kept = {**read, "revision": ids.new_id()}
        if "password" in kept:
            kept["password_hash"] = self._passwords.hash(kept.pop("password"))
        return kept

    def _insist(self, attempt: Callable[[], Done]) -> Done:
        """Call `attempt` until it raises no Conflict. Raises Outage after too many tries."""
        for _ in range(_TRIES):
            try:
                return attempt()
            except errors.Conflict:
                self._clock.sleep(random.uniform(0, _PAUSE))
        raise errors.Outage("Too many requests change users at the same time; try again.")
