"""Asking v3 as its admin."""

from typing import Any

from tests.support.asking import ask, basic

PASSWORD = "secret of v3"
ROOT = basic("root", PASSWORD)


def look(path: str, **more: Any) -> Any:
    """What is there."""
    answer = ask("GET", path, headers=ROOT, **more)
    assert answer.status == 200
    return answer.body
