"""Logins for the tests, right and wrong ones, from two addresses."""

import pytest

from chalicelib import errors
from chalicelib.users.logins import Logins
from tests.support.asking import authorization

RIGHT, WRONG, STRANGER = (
    authorization(text)
    for text in ("jluser:secret of jluser", "jluser:secret guess", "nobody:secret of jluser")
)
HERE, THERE = "192.0.2.1", "192.0.2.2"


def fail(logins: Logins, header: str, address: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(errors.Unauthorized):
            logins.check(header, address)


def pause(logins: Logins, header: str, address: str) -> int:
    """Try to log in during a pause, and give the seconds that are left of it."""
    with pytest.raises(errors.TooManyLogins) as caught:
        logins.check(header, address)
    return caught.value.seconds
