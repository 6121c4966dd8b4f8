"""What a connection to the gateway answers without a task of uvicorn, and how it ends."""

import asyncio
import gc
import http.client
import socket
import struct
import threading
import weakref
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import pytest

from local.gateway import server
from local.gateway.answers import Answer
from local.gateway.application import Application
from local.gateway.connection import Connection
from local.gateway.requests import Request
from local.gateway.server import Server
from tests.support import gateways
from tests.support.processes import DEADLINE, until

_DESCRIPTORS = 1_000
_HELD = "/slow?timeout=20"
#: Headers that some paths get besides.
_SPECIAL = {
    "/value": [(b"X-Name", b"one\r\nX-Other: two")],
    "/name": [(b"X Name", b"two")],
    "/close": [(b"Connection", b"close")],
}


class Echo:
    """Answers with the path and the body of a request; ``/slow`` only when told."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun: list[str] = []

    def answer(self, request: Request) -> Answer:
        self.begun.append(request.path)
        headers = [(b"X-Name", b"one"), *_SPECIAL.get(request.path, [])]
        if request.path == "/slow":
            # Longer than a test waits.
            self.go_on.wait(2 * DEADLINE)
        if request.path == "/fault":
            raise RuntimeError("on purpose")
        body = request.path.encode() + request.body
        if request.path != "/unframed":
            headers.append((b"Content-Length", b"%d" % len(body)))
        return Answer(999 if request.path == "/999" else 200, headers, body)


class Own(NamedTuple):
    """A gateway of a test's own."""

    echo: Echo
    server: Server
    port: int

    def connections(self) -> list[Connection]:
        return [it for it in self.server.server_state.connections if isinstance(it, Connection)]

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)

    def sent(self, request: bytes) -> socket.socket:
        """Connect, and send a request that the app begins to answer."""
        before = len(self.echo.begun)
        raw = self.connected()
        raw.sendall(request)
        assert until(lambda: len(self.echo.begun) > before)
        return raw


@pytest.fixture
def own() -> Iterator[Own]:
    echo = Echo()
    made = server.of_asgi(Application(echo.answer), _DESCRIPTORS)
    with gateways.serving(made) as port:
        yield Own(echo, made, port)
        echo.go_on.set()


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def read(answers: BinaryIO, *, body: bool = True) -> tuple[bytes, list[bytes], bytes]:
    """The status line, the headers but the date, and the body of the next answer."""
    status, headers, length = answers.readline().strip(), [], 0
    while line := answers.readline().strip():
        name, _, value = line.partition(b": ")
        if name == b"content-length" and body:
            length = int(value)
        if name != b"date":
            headers.append(line)
    return status, headers, answers.read(length)


def all_of(raw: socket.socket) -> bytes:
    """What comes until the connection is closed."""
    with raw, raw.makefile("rb") as answers:
        return answers.read()


def test_a_request_in_flight_has_no_task(own: Own) -> None:
    with own.sent(get(_HELD)):
        (waits,) = own.server.server_state.tasks
        assert not isinstance(waits, asyncio.Task)


def test_an_answer_is_the_one_that_a_task_sends(own: Own) -> None:
    closing = b"GET /quick HTTP/1.0\r\nHost: localhost\r\n\r\n"
    headers = [b"server: hoststat", b"x-name: one", b"content-length: 6"]
    with own.connected() as raw, raw.makefile("rb") as answers:
        raw.sendall(get("/quick"))
        assert read(answers) == (b"HTTP/1.1 200 OK", headers, b"/quick")
        raw.sendall(closing)
        headers.append(b"connection: close")
        assert read(answers) == (b"HTTP/1.1 200 OK", headers, b"/quick")
        assert answers.read() == b""


@pytest.mark.parametrize("first", ["/first", _HELD])
def test_requests_one_behind_the_other_are_answered_in_their_order(own: Own, first: str) -> None:
    paths = [first, *map("/{}".format, range(50))]
    with own.sent(b"".join(map(get, paths))) as raw, raw.makefile("rb") as answers:
        own.echo.go_on.set()
        said = [read(answers)[2].decode() for _ in paths]
    assert said == [path.partition("?")[0] for path in paths]


def test_a_body_that_comes_later_is_read_by_a_task(own: Own) -> None:
    tasks = own.server.server_state.tasks
    with own.connected() as raw, raw.makefile("rb") as answers:
        raw.sendall(b"POST /quick HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\n")
        assert until(lambda: [it for it in tasks if isinstance(it, asyncio.Task)])
        raw.sendall(b", body")
        assert read(answers)[2] == b"/quick, body"


def test_an_answer_to_head_has_no_body(own: Own) -> None:
    head = b"HEAD /quick HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with own.sent(head + get("/next")) as raw, raw.makefile("rb") as answers:
        assert b"content-length: 6" in read(answers, body=False)[1]
        assert read(answers)[2] == b"/next"


def test_a_fault_of_the_app_is_500_and_the_connection_is_closed(own: Own) -> None:
    answer = all_of(own.sent(get("/fault")))
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"on purpose" not in answer


@pytest.mark.parametrize("path", ["/value", "/name", "/999"])
def test_an_answer_that_http_does_not_have_is_not_sent(own: Own, path: str) -> None:
    assert all_of(own.sent(get(path))) == b""


def test_an_answer_without_its_length_is_sent_in_chunks(own: Own) -> None:
    with own.sent(get("/unframed")) as raw:
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert answer.read() == b"/unframed"
        answer.close()


def test_the_connection_is_closed_where_the_app_says_so(own: Own) -> None:
    assert all_of(own.sent(get("/close"))).endswith(b"\r\n\r\n/close")


def test_nothing_is_done_where_what_comes_behind_is_no_http(own: Own) -> None:
    with own.connected() as raw:
        raw.sendall(get("/quick") + b"\0\0\r\n\r\n")
        assert all_of(raw).startswith(b"HTTP/1.1 400 ")
    assert own.echo.begun == []


def test_an_answer_in_flight_where_the_server_ends_is_sent_and_is_the_last(own: Own) -> None:
    raw = own.sent(get(_HELD))
    (connection,) = own.connections()
    own.server.should_exit = True
    assert until(lambda: not connection.cycle.keep_alive)
    own.echo.go_on.set()
    answer = all_of(raw)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.endswith(b"\r\n\r\n/slow")


@pytest.mark.parametrize("behind", [b"", get("/behind")], ids=["alone", "one behind"])
def test_nothing_is_left_of_a_client_that_resets_while_its_answer_is_made(
    own: Own, behind: bytes
) -> None:
    gc.disable()
    try:
        raw = own.sent(get(_HELD) + behind)
        left = weakref.ref(own.connections()[0])
        # To close it now is to reset it.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()
        assert until(lambda: not own.connections())
        own.echo.go_on.set()
        assert until(lambda: left() is None)
        assert until(lambda: not own.server.server_state.tasks)
    finally:
        gc.enable()
    with own.sent(get("/next")) as raw, raw.makefile("rb") as answers:
        assert read(answers)[2] == b"/next"
    assert own.echo.begun == ["/slow", "/next"]


def test_nothing_but_the_fault_is_left_where_the_app_fails(own: Own) -> None:
    gc.disable()
    try:
        with own.connected() as raw:
            assert until(own.connections)
            left = weakref.ref(own.connections()[0])
            raw.sendall(get("/fault"))
            assert raw.recv(1)
        assert until(lambda: left() is None)
    finally:
        gc.enable()
