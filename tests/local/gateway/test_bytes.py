"""What an app may give to the gateway and ours does not: bytes, and headers of several values."""

import contextlib
import http.client
from collections.abc import Iterator
from typing import Any

import pytest
from chalice.app import Chalice, Response
from chalice.config import Config

from local.gateway import server
from tests.support import gateways

_DESCRIPTORS = 1000


@pytest.fixture(scope="module")
def echo_port() -> Iterator[int]:
    """The port of an app that gives back what it is sent."""
    echo = Chalice("echo", configure_logs=False)
    echo.api.binary_types = ["application/octet-stream"]

    @echo.route("/echo", methods=["POST"], content_types=["application/octet-stream"])
    def _echo() -> Response:
        request = echo.current_request
        assert request
        headers: dict[str, Any] = {
            "Content-Type": "application/octet-stream",
            "Several": ["one", "two"],
        }
        return Response(request.raw_body, headers)

    with gateways.serving(server.of_app(echo, Config(), _DESCRIPTORS)) as port:
        yield port


def test_a_body_that_is_no_text_arrives_and_returns(echo_port: int) -> None:
    body = bytes(range(256))
    headers = {"Content-Type": "application/octet-stream", "Accept": "application/octet-stream"}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", echo_port)) as connection:
        connection.request("POST", "/echo", body, headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, body)
        assert answer.headers.get_all("Several") == ["one", "two"]
