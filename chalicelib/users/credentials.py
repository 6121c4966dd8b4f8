"""The credentials of a request: HTTP Basic (RFC 7617)."""

import base64
import dataclasses

from chalicelib import errors
from chalicelib.users import model as users

#: Characters of the header: more than any name and password make.
_MAX_HEADER = 8192


@dataclasses.dataclass(frozen=True)
class Credentials:
    """What somebody says who they are."""

    username: str
    password: str = dataclasses.field(repr=False)


def read(header: str) -> Credentials:
    """The credentials in an ``Authorization`` header, "" where there is none.

    Raises Unauthorized for what cannot be anybody's, whatever is wrong with it.
    """
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic" or len(header) > _MAX_HEADER:
        raise errors.Unauthorized
    try:
        text = base64.b64decode(token.strip(" "), validate=True).decode()
    except ValueError as exc:
        raise errors.Unauthorized from exc
    username, colon, password = text.partition(":")
    if not colon or not users.is_name(username) or len(password.encode()) > users.MAX_PASSWORD:
        raise errors.Unauthorized
    return Credentials(username, password)
