"""The ear that hears secrets: it must, or nothing is proved by its silence."""

import urllib.parse

import pytest

from tests.support import leaks
from tests.support.asking import basic
from tests.support.fake_users import CountingHasher


@pytest.mark.parametrize(
    "said",
    [
        f"password={leaks.WORD}of somebody",
        urllib.parse.urlencode({"password": f"{leaks.WORD}of somebody"}),
        urllib.parse.quote(f"{leaks.WORD}of somebody"),
        CountingHasher().hash("anything", salt=b"always the same"),
        *(basic("x" * length, f"{leaks.WORD}of x")["authorization"] for length in (1, 2, 3, 4)),
    ],
)
def test_a_secret_is_heard(said: str) -> None:
    assert leaks.is_secret(f'{{"a line": "{said}"}}')


@pytest.mark.parametrize("said", ["a password", "Basic realm", basic("a", "b")["authorization"]])
def test_what_is_none_is_not(said: str) -> None:
    assert not leaks.is_secret(said)
