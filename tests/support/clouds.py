"""A local cloud that serves from a thread of this process."""

import contextlib
import http.client
import json
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID

from local import listening, stage
from local.cloud import server
from local.cloud.server import Cloud
from tests.support.processes import DEADLINE, until

HEADERS = {"Content-Type": "application/x-amz-json-1.0"}


def enter(monkeypatch: pytest.MonkeyPatch, port: int, **settings: str) -> None:
    """Set the environment as the processes of a laptop have it whose API is on `port`."""
    environ = {"PORT": str(port), **settings}
    stage.enter(environ)
    for key in [key for key in os.environ if key.startswith("AWS_")]:
        monkeypatch.delenv(key)
    for key, value in environ.items():
        monkeypatch.setenv(key, value)


class Said(NamedTuple):
    """An answer."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection to a cloud."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        #: The headers of the last answer.
        self.headers: dict[str, str] = {}

    @property
    def socket(self) -> socket.socket:
        """The connection itself, once something was sent."""
        return self._connection.sock

    def send(self, target: str, asked: dict[str, Any]) -> None:
        """Ask for an action, such as ``AmazonSQS.SendMessage``."""
        headers = HEADERS | {"X-Amz-Target": target}
        self._connection.request("POST", "/", json.dumps(asked), headers)

    def receive(self) -> Said:
        """Give the answer to what was sent."""
        answer = self._connection.getresponse()
        self.headers = dict(answer.headers)
        return Said(answer.status, answer.read())

    def ask(self, target: str, asked: dict[str, Any]) -> Said:
        """Do both."""
        self.send(target, asked)
        return self.receive()

    def close(self) -> None:
        """Leave."""
        self._connection.close()


class Serving:
    """A cloud's server, from now on until `end`."""

    def __init__(self, cloud: Cloud, port: int = 0) -> None:
        self._server = server.server(cloud)
        taken = listening.bind(port, "cloud")
        self.port: int = taken.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [taken]}, daemon=True
        )
        self._clients: list[Client] = []
        self._thread.start()
        assert until(lambda: self._server.started)

    def client(self) -> Client:
        """Make a client, which leaves at the end."""
        self._clients.append(Client(self.port))
        return self._clients[-1]

    def end(self) -> None:
        """Stop, and let whoever waits for an answer have none."""
        for client in self._clients:
            client.close()
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()


class Queue:
    """A client of the queue of hints, by a connection of its own."""

    def __init__(self, own: Serving) -> None:
        self.client = own.client()
        self.url = f"{own.url}/{DEFAULT_ACCOUNT_ID}/hoststat-dev-tasks"

    def send(self, text: str) -> None:
        asked = {"QueueUrl": self.url, "MessageBody": text}
        assert self.client.ask("AmazonSQS.SendMessage", asked).status == 200

    def begin(self, wait: Any = 20, **more: Any) -> None:
        asked = {"QueueUrl": self.url, "WaitTimeSeconds": wait, **more}
        self.client.send("AmazonSQS.ReceiveMessage", asked)

    def got(self) -> list[str]:
        answer = self.client.receive()
        assert answer.status == 200
        return [message["Body"] for message in answer.json.get("Messages", [])]

    def receive(self) -> list[str]:
        self.begin(wait=0)
        return self.got()


@contextlib.contextmanager
def serving(cloud: Cloud) -> Iterator[Serving]:
    """A cloud's server, ended with the context."""
    begun = Serving(cloud)
    try:
        yield begun
    finally:
        begun.end()
