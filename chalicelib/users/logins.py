"""Logins: who a request comes from. A laptop and a deployed stage use this same code."""

import base64
import contextlib
import dataclasses
import threading
from collections.abc import Iterator

from chalicelib import errors, ids, log
from chalicelib.sources import source_of
from chalicelib.users import model
from chalicelib.users.model import User, UserStore
from chalicelib.users.passwords import Passwords, RecentLogins
from chalicelib.users.throttle import Throttle

#: The most characters of an ``Authorization`` header: more than any name and password need.
_MAX_HEADER = 8192
_NOT_READ = "The Authorization header must have Base64 of name:password, but"
#: The most seconds that a login waits for another one with the same credentials.
_PATIENCE = 10


@dataclasses.dataclass(frozen=True)
class Credentials:
    """A username and password, as the client sent them."""

    username: str
    password: str = dataclasses.field(repr=False)


def read(header: str) -> Credentials:
    """Read the credentials in an ``Authorization`` header of HTTP Basic (RFC 7617).

    The header is "" if there was none, which raises NoLogin. Raises UnreadableLogin, which says
    why, for a header of another form, and Unauthorized for credentials that no user can have.
    """
    if not header.strip(" "):
        raise errors.NoLogin
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic":
        raise errors.UnreadableLogin("The Authorization header must begin with Basic.")
    if len(header) > _MAX_HEADER:
        raise errors.UnreadableLogin(
            f"The Authorization header has more than {_MAX_HEADER} characters."
        )
    try:
        text = base64.b64decode(token.strip(" "), validate=True).decode()
    except ValueError as exc:
        raise errors.UnreadableLogin(f"{_NOT_READ} it is no Base64 of UTF-8 text.") from exc
    username, colon, password = text.partition(":")
    if not colon:
        raise errors.UnreadableLogin(f"{_NOT_READ} there is no colon between name and password.")
    if not model.is_name(username) or len(password.encode()) > model.MAX_PASSWORD:
        raise errors.Unauthorized
    return Credentials(username, password)


class Proofs:
    """Lets logins with the same credentials from one source take turns, to share one proof.

    A key is in memory only while a login with it is being proved.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: dict[tuple[str, str, str], tuple[threading.Lock, int]] = {}

    @contextlib.contextmanager
    def turn(self, key: tuple[str, str, str]) -> Iterator[None]:
        """Wait until no other login with `key` is being proved. Raises Outage after 10 s."""
        with self._lock:
            turn, waiting = self._turns.get(key, (threading.Lock(), 0))
            self._turns[key] = turn, waiting + 1
        try:
            if not turn.acquire(timeout=_PATIENCE):
                raise errors.Outage("Too many logins at the same time; try again.")
            try:
                yield
            finally:
                turn.release()
        finally:
            with self._lock:
                turn, waiting = self._turns.pop(key)
                if waiting > 1:
                    self._turns[key] = turn, waiting - 1


class Logins:
    """Checks logins.

    The user is read at every login, so that each change counts at once. A login that was right
    within the last minute needs no more than that read.
    """

    def __init__(
        self, *, users: UserStore, throttle: Throttle, passwords: Passwords, recent: RecentLogins
    ) -> None:
        self._users, self._throttle = users, throttle
        self._passwords, self._recent = passwords, recent
        self._proofs = Proofs()

    def check(self, header: str, address: str) -> User:
        """Give the user whose credentials are in an ``Authorization`` header.

        `address` is the source address that the gateway saw. Raises Unauthorized, TooManyLogins,
        Outage. Unknown names and wrong passwords get the same error after the same work.
        """
        given = read(header)
        source = source_of(address)
        user = self._users.get(given.username)
        if user and self._recent.knows(user.password_hash, source, given.password):
            return user
        with self._proofs.turn((given.username, source, given.password)):
            return self._proved(given, source, user)

    def _proved(self, given: Credentials, source: str, user: User | None) -> User:
        if user:
            if self._recent.knows(user.password_hash, source, given.password):
                # The same login has just been proved while this one waited for its turn.
                return user
            # Otherwise others at this source could guess during a pause: `knows` comes before it.
            self._recent.forget(user.password_hash, source)
        stored = user.password_hash if user else None
        named, every = self._throttle.check(given.username, source, stored)
        right = self._passwords.match(stored, given.password)
        self._throttle.settle(named, every, right=right)
        if user is None or not right:
            # An unknown name may be a password in the wrong field: it is not logged.
            log.event("login refused", source=source, user=user.username if user else None)
            raise errors.Unauthorized
        user = self._rehashed(user, given.password)
        self._recent.keep(user.password_hash, source, given.password)
        return user

    def _rehashed(self, user: User, password: str) -> User:
        """Give the user, and store a new hash if the old one has other parameters than today's."""
        if not self._passwords.outdated(user.password_hash):
            return user
        try:
            return self._renewed(user, password)
        except (errors.Conflict, errors.Outage) as failed:
            # The password is right all the same. The next login will try again.
            log.event("hash not renewed", user=user.username, why=str(failed))
            return user

    def _renewed(self, user: User, password: str) -> User:
        hashed = self._passwords.hash(password)
        renewed = user._replace(password_hash=hashed, revision=ids.new_id())
        self._users.write(user, renewed)
        return renewed
