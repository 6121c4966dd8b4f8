"""Logins: who a request comes from. The one place that decides it, on a laptop and deployed."""

import dataclasses
import threading

from chalicelib import errors, log
from chalicelib.tasks import model as tasks
from chalicelib.tasks.ports import Conflict, UserStore
from chalicelib.users import credentials
from chalicelib.users import throttle as guesses
from chalicelib.users.model import User
from chalicelib.users.passwords import Memory, Passwords
from chalicelib.users.throttle import Throttle

#: Hashes at once in one process, each of which takes a core and 19 MiB; seconds to wait for one.
_AT_ONCE, _PATIENCE = 4, 10


class Logins:
    """What lets users in.

    A user is read at every login, so that a change counts at once. A login that was right a
    moment ago needs no more than that read.
    """

    def __init__(
        self, *, users: UserStore, guesses: Throttle, passwords: Passwords, memory: Memory
    ) -> None:
        self._users, self._guesses = users, guesses
        self._passwords, self._memory = passwords, memory
        self._gate = threading.BoundedSemaphore(_AT_ONCE)

    def check(self, header: str, address: str) -> User:
        """The user whose credentials an ``Authorization`` header bears; `address` is where the
        request came from, as the gateway says.

        Raises Unauthorized, TooManyLogins, Outage. Whether the name exists makes no difference,
        neither to the error nor to what is done before it.
        """
        given = credentials.read(header)
        source = guesses.source_of(address)
        user = self._users.get(given.username)
        if user:
            if self._memory.knows(user.password_hash, source, given.password):
                return user
            # Or guesses beside somebody whose login is remembered would go on during a pause.
            self._memory.forget(user.password_hash, source)
        named, every = self._guesses.check(given.username, source)
        right = self._match(user, given.password)
        self._guesses.settle(named, every, right=right)
        if user is None or not right:
            # A stranger's name may be a password in the wrong place: it is not logged.
            log.event("login refused", source=source, user=user.username if user else None)
            raise errors.Unauthorized
        user = self._rehashed(user, given.password)
        self._memory.keep(user.password_hash, source, given.password)
        return user

    def _match(self, user: User | None, password: str) -> bool:
        if not self._gate.acquire(timeout=_PATIENCE):
            raise errors.Outage("Too many log in at once; try again.")
        try:
            return self._passwords.match(user.password_hash if user else None, password)
        finally:
            self._gate.release()

    def _rehashed(self, user: User, password: str) -> User:
        """The user, with a hash by the parameters of today."""
        if not self._passwords.outdated(user.password_hash):
            return user
        anew = self._passwords.hash(password)
        renewed = dataclasses.replace(user, password_hash=anew, revision=tasks.new_id())
        try:
            self._users.write(user, renewed)
        except Conflict:
            # Somebody changes the user just now: there will be another login.
            log.event("hash not renewed", user=user.username)
            return user
        return renewed
