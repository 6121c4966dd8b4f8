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


_NOT_BASE64 = (
    "The Authorization header must have Base64 of name:password, but it is no Base64 of UTF-8 text."
)
_NO_COLON = (
    "The Authorization header must have Base64 of name:password, but there is no colon between "
    "name and password."
)
_NOT_BASIC = "The Authorization header must begin with Basic."
_NONE = "Log in with a username and a password by HTTP Basic; none were sent."
_WRONG = "The username or the password is wrong."


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", _NONE),
        (" ", _NONE),
        ("Basic", _NO_COLON),
        ("Basic ", _NO_COLON),
        ("Basic :", _NOT_BASE64),
        ("Basic YTpi, Basic YTpi", _NOT_BASE64),
        ("Basic YTp", _NOT_BASE64),
        ("Basic YT pi", _NOT_BASE64),
        ("Basic YTpi\n", _NOT_BASE64),
        ("Basic YTpi*", _NOT_BASE64),
        ("Basic \uff39\uff34\uff50\uff49", _NOT_BASE64),
        ("Basic\tYTpi", _NOT_BASIC),
        ("BasicYTpi", _NOT_BASIC),
        ("Bearer YTpi", _NOT_BASIC),
        ("Digest username=a", _NOT_BASIC),
        ("YTpi", _NOT_BASIC),
        (authorization("no colon"), _NO_COLON),
        (authorization(":a password"), _WRONG),
        (authorization("two words:a password"), _WRONG),
        (authorization("jluser\n:a password"), _WRONG),
        (authorization("\x00:a password"), _WRONG),
        (authorization("jlüser:a password"), _WRONG),
        (authorization("-x:a password"), _WRONG),
        (authorization("x" * 65 + ":a password"), _WRONG),
        (authorization(b"jluser:\xff"), _NOT_BASE64),
        (authorization(b"\xed\xa0\x80:x"), _NOT_BASE64),
        (authorization("a:" + "x" * 1025), _WRONG),
        (authorization("a:" + "é" * 513), _WRONG),
        ("Basic " + "A" * 100_000, "The Authorization header has more than 8192 characters."),
    ],
)
def test_credentials_that_no_user_can_have_are_refused_with_the_reason(
    header: str, said: str
) -> None:
    with pytest.raises(errors.Unauthorized) as caught:
        logins.read(header)
    assert str(caught.value) == said


def test_a_password_is_not_shown() -> None:
    assert "a password" not in repr(Credentials("jluser", "a password"))
