"""The service that is asked."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.support import leaks
from tests.support import processes as services

OWN_ADMIN = ("root", "secret of the black box")
#: The name by which an emulator's gateway knows the API, where that cannot be looked up.
HOST = {"Host": os.environ["BASE_HOST"]} if "BASE_HOST" in os.environ else {}


@pytest.fixture(scope="session")
def base_url() -> Iterator[str]:
    """Where the service is: ``BASE_URL``, or one of our own for as long as the tests last."""
    if "BASE_URL" in os.environ:
        yield os.environ["BASE_URL"].rstrip("/")
        return
    port = services.free_port()
    url = f"http://127.0.0.1:{port}"
    # Nobody reads its log while the tests run: a pipe would fill up and stop it.
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
    """The name and the password of an admin: ``ADMIN=name:password`` with a ``BASE_URL``."""
    if "BASE_URL" not in os.environ:
        return OWN_ADMIN
    if "ADMIN" not in os.environ:
        pytest.skip("needs an admin, as ADMIN=name:password")
    username, _, password = os.environ["ADMIN"].partition(":")
    return username, password


@pytest.fixture
def on_laptop() -> None:
    """A test that asks what only holds where the service runs on this machine."""
    if "BASE_URL" in os.environ:
        pytest.skip("asks the processes of this machine")


Ask = Callable[..., requests.Response]


@pytest.fixture
def ask(base_url: str) -> Iterator[Ask]:
    """Send a request: a method, a path, and what `requests` takes."""
    with requests.Session() as session:
        session.headers.update(HOST)

        def send(method: str, path: str, **more: Any) -> requests.Response:
            answer = session.request(method, base_url + path, timeout=services.DEADLINE, **more)
            leaks.hear((answer.headers, answer.text))
            if answer.status_code == 429 and "wrong logins" not in answer.text:
                # A deployed gateway lets only so many in, and says when to come again.
                time.sleep(float(answer.headers.get("Retry-After", "1")))
                return send(method, path, **more)
            return answer

        yield send


@pytest.fixture
def finished(ask: Ask) -> Callable[..., dict[str, Any]]:
    """Wait for the end of a task, and give its body."""

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
