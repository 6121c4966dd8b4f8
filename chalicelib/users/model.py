"""Users: who may log in, and what is known of them."""

import dataclasses
import re

#: 1 to 64 of these. ``$`` alone would take a line's end for the end of the name in Python; a JSON
#: schema has no ``\Z``.
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)"
#: Characters and bytes of a password.
MIN_PASSWORD, MAX_PASSWORD = 8, 1024

_NAME = re.compile(NAME)


@dataclasses.dataclass(frozen=True, kw_only=True)
class User:
    """One who may use v3; an admin may change users, too."""

    username: str
    fullname: str
    admin: bool
    #: argon2id, as a PHC string: salt and parameters are in it.
    password_hash: str = dataclasses.field(repr=False)
    #: Another with every write, so that a writer knows what it has read, and its own writes.
    revision: str


def is_name(text: str) -> bool:
    """Whether a user can have that name."""
    return _NAME.match(text) is not None
