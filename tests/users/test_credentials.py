"""Credentials: headers that can be read, and headers that are refused."""

import pytest

from chalicelib import errors
from chalicelib.users import logins
from chalicelib.users.logins import Credentials
from tests.support.asking import authorization


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (authorization("jluser:a password"), Credentials("jluser", "a password")),
        (authorization("a.b_c-9:"), Credentials("a.b_c-9", "")),
        (authorization("a:b:c::"), Credentials("a", "b:c::")),
        (authorization("a:pässwörd 😀\t"), Credentials("a", "pässwörd 😀\t")),
        (authorization("a:b").replace("Basic ", "bAsIC   "), Credentials("a", "b")),
        (authorization("a:" + "x" * 1024), Credentials("a", "x" * 1024)),
    ],
)
def test_a_name_and_a_password_are_read(header: str, expected: Credentials) -> None:
    assert logins.read(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "Basic",
        "Basic ",
        "Basic :",
        "Basic YTpi, Basic YTpi",
        "Basic YTp",
        "Basic YT pi",
        "Basic YTpi\n",
        "Basic YTpi*",
        "Basic \uff39\uff34\uff50\uff49",
        "Basic\tYTpi",
        "BasicYTpi",
        "Bearer YTpi",
        "Digest username=a",
        "YTpi",
        authorization("no colon"),
        authorization(":a password"),
        authorization("two words:a password"),
        authorization("jluser\n:a password"),
        authorization("\x00:a password"),
        authorization("jlüser:a password"),
        authorization("-x:a password"),
        authorization("x" * 65 + ":a password"),
        authorization(b"jluser:\xff"),
        authorization(b"\xed\xa0\x80:x"),
        authorization("a:" + "x" * 1025),
        authorization("a:" + "é" * 513),
        "Basic " + "A" * 100_000,
    ],
)
def test_credentials_that_no_user_can_have_are_refused(header: str) -> None:
    with pytest.raises(errors.Unauthorized):
        logins.read(header)


def test_a_password_is_not_shown() -> None:
    assert "a password" not in repr(Credentials("jluser", "a password"))
