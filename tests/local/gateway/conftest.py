"""One gateway for all tests of a file, and a connection to it."""

import contextlib
import http.client
from collections.abc import Iterator

import pytest
from chalice.cli.factory import CLIFactory

import app
from local import stage
from local.gateway import server
from tests.support import gateways

_DESCRIPTORS = 1000


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = CLIFactory(str(stage.PROJECT)).create_config_obj()
    with gateways.serving(server.of_app(app.app, config, _DESCRIPTORS)) as port:
        yield port


@pytest.fixture
def connection(port: int) -> Iterator[http.client.HTTPConnection]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as made:
        yield made
