"""The search for secrets: it must find them, or its empty result would prove nothing."""

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
def test_a_secret_is_found(said: str) -> None:
    assert leaks.is_secret(f'{{"a line": "{said}"}}')


@pytest.mark.parametrize("said", ["a password", "Basic realm", basic("a", "b")["authorization"]])
def test_a_text_without_a_secret_is_not_found(said: str) -> None:
    assert not leaks.is_secret(said)
