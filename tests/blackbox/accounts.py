"""New users for the tests of v3."""

import secrets
from typing import Any

import requests

Login = tuple[str, str]

PASSWORD = "secret of a user"


def new_name() -> str:
    """Give a name that no user has."""
    return f"user-{secrets.token_hex(6)}"


def fields(username: str, **more: object) -> dict[str, Any]:
    return {"username": username, "fullname": "J. Random Luser", "password": PASSWORD, **more}


def href(answer: requests.Response) -> str:
    found: str = answer.json()["links"][0]["href"]
    return found
