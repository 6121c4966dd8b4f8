"""Fixtures: the service that is tested, an admin, a user, and requests."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.blackbox.accounts import PASSWORD, Login, fields, new_name
from tests.support import leaks
from tests.support import processes as services

OWN_ADMIN = ("root", "secret of the black box")
#: The host name by which an emulator's gateway finds the API. It is in no DNS.
HOST = {"Host": os.environ["BASE_HOST"]} if "BASE_HOST" in os.environ else {}


@pytest.fixture(scope="session")
def base_url() -> Iterator[str]:
    """Give the URL of the service: ``BASE_URL``, or a service that we run during the tests."""
    if "BASE_URL" in os.environ:
        yield os.environ["BASE_URL"].rstrip("/")
        return
    port = services.free_port()
    url = f"http://127.0.0.1:{port}"
    # Its log goes to a file: nobody would read a pipe, and a full pipe would stop the service.
    with tempfile.TemporaryFile("w+") as log:
        command = ["make", "service", f"PORT={port}", f"ADMIN={':'.join(OWN_ADMIN)}"]
        with services.process(*command, log=log) as service:
            assert services.until(lambda: service.poll() is not None or services.answers(url))
            assert service.poll() is None, "the service did not start"
            yield url
        log.seek(0)
        for line in log:
            leaks.hear(line)


@pytest.fixture(scope="session")
def root() -> tuple[str, str]:
    """Give the name and the password of an admin. With a ``BASE_URL`` they come from ``ADMIN``."""
    if "BASE_URL" not in os.environ:
        return OWN_ADMIN
    if "ADMIN" not in os.environ:
        pytest.skip("needs an admin, as ADMIN=name:password")
    username, _, password = os.environ["ADMIN"].partition(":")
    return username, password


@pytest.fixture
def on_laptop() -> None:
    """Skip a test that is only for a service on this computer."""
    if "BASE_URL" in os.environ:
        pytest.skip("asks the processes of this machine")


Ask = Callable[..., requests.Response]


@pytest.fixture
def ask(base_url: str) -> Iterator[Ask]:
    """Give a function that sends a request: a method, a path, and what `requests` takes."""
    with requests.Session() as session:
        session.headers.update(HOST)

        def send(method: str, path: str, **more: Any) -> requests.Response:
            answer = session.request(method, base_url + path, timeout=services.DEADLINE, **more)
            leaks.hear((answer.headers, answer.text))
            if answer.status_code == 429 and "wrong logins" not in answer.text:
                # A deployed gateway limits the rate of requests, and says how long to wait.
                time.sleep(float(answer.headers.get("Retry-After", "1")))
                return send(method, path, **more)
            return answer

        yield send


@pytest.fixture
def finished(ask: Ask) -> Callable[..., dict[str, Any]]:
    """Give a function that waits for the end of a task and gives its body."""

    def wait(
        task_id: str, version: str = "v2", seconds: float = services.DEADLINE, **more: Any
    ) -> dict[str, Any]:
        body: dict[str, Any] = {}

        def ended() -> bool:
            body.update(ask("GET", f"/{version}/task/{task_id}", **more).json())
            return body["state"] not in ("QUEUED", "STARTED")

        assert services.until(ended, seconds), body
        return body

    return wait


@pytest.fixture
def jluser(ask: Ask, root: Login) -> Iterator[Login]:
    """Create a user for one test; give the name and the password."""
    username = new_name()
    assert ask("POST", "/v3/users/", json=fields(username), auth=root).status_code == 201
    yield username, PASSWORD
    ask("DELETE", f"/v3/users/{username}", auth=root)
