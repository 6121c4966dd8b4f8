"""Users: who may log in to v3, and what is known about them."""

import re
from typing import NamedTuple, Protocol

#: The names that a user may have. The last part forbids a newline at the end: in Python ``$``
#: matches before it, and JSON Schema has no ``\Z``.
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)"
#: The fewest characters of a password, and the most bytes.
MIN_PASSWORD, MAX_PASSWORD = 8, 1024
#: The fields that a new user must have. `admin` is false if it is missing.
REQUIRED = ("username", "fullname", "password")

_NAME = re.compile(NAME)


class User(NamedTuple):
    """Somebody who may use v3. An admin may also change users."""

    username: str
    fullname: str = ""
    admin: bool = False
    #: argon2id as a PHC string, with its salt and parameters. While it is "", nobody can log in.
    password_hash: str = ""
    #: A new one with each write: a writer sees whether the user is still as it was read.
    revision: str = ""

    def __repr__(self) -> str:
        """Name the user, and nothing that should not be in a log."""
        return f"User({self.username!r})"


class UserStore(Protocol):
    """Where users are stored. Every method may raise Outage."""

    def get(self, username: str) -> User | None:
        """Give the user, None if there is none. The read sees every write that ended before it."""

    def after(self, username: str | None, most: int) -> list[User]:
        """Give at most `most` users in the order of their names, by bytes.

        They begin after `username`, or with the first one if that is None.
        """

    def write(self, before: User | None, after: User | None) -> None:
        """Put `after` in the place of `before`, all or nothing. Another name is a rename.

        If `before` is None, `after` is a new user. If `after` is None, `before` is deleted.
        Raises Conflict if `before` is no longer as it was read, UsernameTaken if another user has
        the name of `after`, LastAdmin if no admin would be left. When the answer to a write was
        lost and it is tried again, it succeeds as it did the first time.
        """


def is_name(text: str) -> bool:
    """Tell whether a user may have that name."""
    return _NAME.match(text) is not None
