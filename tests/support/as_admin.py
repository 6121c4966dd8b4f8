"""Requests to v3 with the login of an admin."""

from typing import Any

from tests.support.asking import ask, basic

PASSWORD = "secret of v3"
ROOT = basic("root", PASSWORD)


def look(path: str, **more: Any) -> Any:
    """Get a path, which must succeed, and give the body of the answer."""
    answer = ask("GET", path, headers=ROOT, **more)
    assert answer.status == 200
    return answer.body
