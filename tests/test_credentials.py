"""Credentials: what a header says, and everything that says nothing."""

import base64

import pytest

from chalicelib import credentials, errors
from chalicelib.credentials import Credentials


def basic(text: str | bytes) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return "Basic " + base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (basic("jluser:a password"), Credentials("jluser", "a password")),
        (basic("a.b_c-9:"), Credentials("a.b_c-9", "")),
        (basic("a:b:c::"), Credentials("a", "b:c::")),
        (basic("a:pässwörd 😀\t"), Credentials("a", "pässwörd 😀\t")),
        (basic("a:b").replace("Basic ", "bAsIC   "), Credentials("a", "b")),
        (basic("a:" + "x" * 1024), Credentials("a", "x" * 1024)),
    ],
)
def test_a_name_and_a_password_are_read(header: str, expected: Credentials) -> None:
    assert credentials.read(header) == expected


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
        basic("no colon"),
        basic(":a password"),
        basic("two words:a password"),
        basic("jluser\n:a password"),
        basic("\x00:a password"),
        basic("jlüser:a password"),
        basic("-x:a password"),
        basic("x" * 65 + ":a password"),
        basic(b"jluser:\xff"),
        basic(b"\xed\xa0\x80:x"),
        basic("a:" + "x" * 1025),
        basic("a:" + "é" * 513),
        "Basic " + "A" * 100_000,
    ],
)
def test_what_cannot_be_anybodys_is_refused(header: str) -> None:
    with pytest.raises(errors.Unauthorized):
        credentials.read(header)


def test_a_password_is_not_shown() -> None:
    assert "a password" not in repr(Credentials("jluser", "a password"))
