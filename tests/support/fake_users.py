"""Fakes: stores of users and of tallies in memory, and a hasher that takes no time."""

import threading
from typing import Literal

import argon2

from chalicelib import errors
from chalicelib.users.logins import Logins
from chalicelib.users.model import User, UserStore
from chalicelib.users.passwords import Passwords, RecentLogins
from chalicelib.users.service import UserService
from chalicelib.users.throttle import Tally, TallyStore, Throttle
from tests.support.fakes import FakeClock


class MemoryUsers:
    """`users.model.UserStore` in memory, with the same conditions as on DynamoDB."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.reads = 0
        self._lock = threading.Lock()

    def get(self, username: str) -> User | None:
        self.reads += 1
        return self.users.get(username)

    def after(self, username: str | None, most: int) -> list[User]:
        names = sorted(name for name in self.users if name > (username or ""))
        return [self.users[name] for name in names[:most]]

    def write(self, before: User | None, after: User | None) -> None:
        with self._lock:
            now = {name: user.revision for name, user in self.users.items()}
            if after and now.get(after.username) == after.revision:
                return
            if before and now.get(before.username) != before.revision:
                raise errors.Conflict
            left = {name: user for name, user in self.users.items() if user != before}
            if after and after.username in left:
                raise errors.UsernameTaken(after.username)
            if after:
                left[after.username] = after
            demoted = before and before.admin and not (after and after.admin)
            if demoted and not any(user.admin for user in left.values()):
                raise errors.LastAdmin
            self.users = left


class MemoryTallies:
    """`users.throttle.TallyStore` in memory, with the same conditions as on DynamoDB."""

    def __init__(self) -> None:
        self.kept: dict[str, Tally] = {}
        self.reads = self.writes = 0
        self._lock = threading.Lock()

    def tallies(self, whos: list[str]) -> dict[str, Tally]:
        self.reads += 1
        return {who: self.kept[who] for who in whos if who in self.kept}

    def move(self, before: Tally, after: Tally) -> None:
        self.writes += 1
        with self._lock:
            now = self.kept.get(before.who, Tally(who=before.who))
            if now.token not in (before.token, after.token):
                raise errors.Conflict
            self.kept[after.who] = after


class CountingHasher(argon2.PasswordHasher):
    """argon2id with parameters that take no time. It counts its hashes."""

    def __init__(self, memory_cost: int = 8) -> None:
        super().__init__(memory_cost=memory_cost, time_cost=1, parallelism=1)
        self.hashes = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.hashes += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.hashes += 1
        return super().verify(hash, password)


class LoginRig:
    """Logins and users on fakes. A store that is given takes the place of its fake."""

    LIMIT = 3

    def __init__(self, users: UserStore | None = None, tallies: TallyStore | None = None) -> None:
        self.clock, self.hasher = FakeClock(1000), CountingHasher()
        self.users, self.tallies = MemoryUsers(), MemoryTallies()
        self._kept, counted = users or self.users, tallies or self.tallies
        self.passwords = Passwords(self.hasher)
        self.service = UserService(store=self._kept, passwords=self.passwords, clock=self.clock)
        self.throttle = Throttle(store=counted, clock=self.clock, limit=self.LIMIT)
        self.logins = self.another_process()

    def another_process(
        self,
        hasher: argon2.PasswordHasher | None = None,
        tallies: TallyStore | None = None,
    ) -> Logins:
        """Give the logins of another process: the same stores, but no remembered logins."""
        throttle = Throttle(store=tallies, clock=self.clock, limit=self.LIMIT) if tallies else None
        return Logins(
            users=self._kept,
            throttle=throttle or self.throttle,
            passwords=Passwords(hasher or self.hasher),
            recent=RecentLogins(self.clock),
        )


def a_user(username: str = "jluser", **fields: object) -> User:
    user = User(
        username=username,
        fullname="J. Random Luser",
        admin=False,
        password_hash="no hash",
        revision=f"first of {username}",
    )
    return user._replace(**fields)  # type: ignore[arg-type]
