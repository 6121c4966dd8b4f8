"""The connections to the local cloud: kept, opened anew, and broken in every way."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore import exceptions
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from local import line, listening, stage
from tests.support import processes
from tests.support.processes import until

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
_BODY = b'{"QueueUrl": "there"}'
_ANSWER = _HEAD + b"Content-Length: 21\r\n\r\n" + _BODY

#: What is done with one request.
Reply = Callable[[socket.socket], object]


class Cloud:
    """Takes connections one after the other. It plays the replies of each, and closes it."""

    def __init__(self, *connections: list[Reply]) -> None:
        self._connections = list(connections)
        self.requests: list[bytes] = []
        #: How many connections it has closed.
        self.closed = 0

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Serve while the context lasts; give the address."""
        with listening.bind(0, "cloud") as listener:
            listener.listen()
            thread = threading.Thread(target=self._serve, args=[listener])
            thread.start()
            yield f"http://{stage.LOOPBACK}:{listener.getsockname()[1]}/"
            thread.join(processes.DEADLINE)

    def _serve(self, listener: socket.socket) -> None:
        for replies in self._connections:
            with listener.accept()[0] as connection:
                for reply in replies:
                    self.requests.append(_request(connection))
                    reply(connection)
            self.closed += 1


def _request(connection: socket.socket) -> bytes:
    """Read a request; those of these tests have bodies that end with ``}``."""
    read = b""
    while not read.endswith(b"}"):
        came = connection.recv(65_536)
        assert came
        read += came
    return read


def says(*parts: bytes) -> Reply:
    def reply(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return reply


@pytest.fixture
def kept() -> Iterator[line.Line]:
    with contextlib.closing(line.Line(60, 60)) as made:
        yield made


def ask(by: line.Line, address: str) -> Any:
    request = AWSRequest("POST", address, {"X-Amz-Target": "AmazonSQS.GetQueueUrl"}, '{"a": 1}')
    return by.ask(request.prepare())


def test_an_answer_is_given_as_botocore_reads_it(kept: line.Line) -> None:
    with Cloud([says(_ANSWER)]).serving() as address:
        answer = ask(kept, address)
    assert (answer.status_code, answer.content) == (200, _BODY)
    assert answer.headers["content-type"] == "application/x-amz-json-1.0"


@pytest.mark.parametrize("at", range(1, len(_ANSWER), 7))
def test_an_answer_may_come_in_parts(kept: line.Line, at: int) -> None:
    with Cloud([says(_ANSWER[:at], _ANSWER[at:])]).serving() as address:
        assert ask(kept, address).content == _BODY


def test_a_request_has_what_http_wants_and_its_headers_once(kept: line.Line) -> None:
    cloud = Cloud([says(_ANSWER)])
    with cloud.serving() as address:
        ask(kept, address)
    head, _, body = cloud.requests[0].partition(b"\r\n\r\n")
    host = address.removeprefix("http://").strip("/").encode()
    assert body == b'{"a": 1}'
    assert sorted(head.split(b"\r\n")) == [
        b"Content-Length: 8",
        b"Host: " + host,
        b"POST / HTTP/1.1",
        b"X-Amz-Target: AmazonSQS.GetQueueUrl",
    ]


def test_a_connection_is_kept(kept: line.Line) -> None:
    cloud = Cloud([says(_ANSWER)] * 3)
    with cloud.serving() as address:
        for _ in range(3):
            ask(kept, address)
    assert cloud.closed == 1


def test_a_connection_that_the_cloud_ends_is_not_kept(kept: line.Line) -> None:
    last = says(_ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    with Cloud([last], [says(_ANSWER)]).serving() as address:
        assert [ask(kept, address).content for _ in range(2)] == [_BODY] * 2


def test_a_connection_that_was_closed_while_idle_is_replaced_at_once(kept: line.Line) -> None:
    cloud = Cloud([says(_ANSWER)], [says(_ANSWER)])
    with cloud.serving() as address:
        ask(kept, address)
        assert until(lambda: cloud.closed == 1)
        assert ask(kept, address).content == _BODY


@pytest.mark.parametrize(
    "said",
    [b"", _HEAD, _ANSWER[:-1], b"Good morning.\r\n\r\n"],
    ids=["nothing", "half a head", "half a body", "no HTTP"],
)
def test_a_connection_that_breaks_is_the_error_that_botocore_tries_again_after(
    kept: line.Line, said: bytes
) -> None:
    with (
        Cloud([says(said)]).serving() as address,
        pytest.raises(exceptions.ConnectionClosedError, match=address),
    ):
        ask(kept, address)


def test_silence_is_a_timeout() -> None:
    over = threading.Event()
    with Cloud([lambda _: over.wait(processes.DEADLINE)]).serving() as address:
        with pytest.raises(exceptions.ReadTimeoutError, match=address):
            ask(line.Line(60, 0.1), address)
        over.set()


def test_nobody_there_is_an_error_of_the_endpoint(kept: line.Line) -> None:
    address = f"http://{stage.LOOPBACK}:{processes.free_port()}/"
    with pytest.raises(exceptions.EndpointConnectionError, match=address):
        ask(kept, address)


def test_clients_ask_unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud([says(_ANSWER)])
    with cloud.serving() as address, contextlib.closing(line.Session()) as session:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = session.create_client("sqs", config=Config(connect_timeout=60, read_timeout=60))
        assert client.get_queue_url(QueueName="tasks")["QueueUrl"] == "there"
    assert b"uthorization" not in cloud.requests[0]
