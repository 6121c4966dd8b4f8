"""What a connection to the local cloud answers at once, and what it leaves to a task."""

import asyncio
import contextlib
import gc
import socket
import struct
import weakref
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from local.cloud.answers import Answer
from local.cloud.connection import Connection
from local.cloud.recorder import Recorder
from local.cloud.request import Request
from local.cloud.server import Cloud
from tests.support.clouds import Serving, serving
from tests.support.processes import DEADLINE, until

_TARGET = "X-Amz-Target: DynamoDB_20120810.GetItem"
#: More than uvicorn reads before somebody asks for it.
_LONG = b"x" * 300_000


class Echo:
    """Answers a request with its body, and remembers which ones ran in a task of their own."""

    def __init__(self) -> None:
        self.in_tasks: list[bool] = []

    def __call__(self, request: Request) -> Answer:
        self.in_tasks.append(asyncio.current_task() is not None)
        if request.body == b"fail":
            raise RuntimeError("on purpose")
        if request.body == b"headers":
            return 200, {"X-Name": "\N{SNOWMAN}"}, b""
        return 200, {"Content-Type": "text/plain"}, request.body


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def own(echo: Echo) -> Iterator[Serving]:
    with serving(Cloud(ask=echo)) as begun:
        yield begun


@contextlib.contextmanager
def connected(own: Serving) -> Iterator[tuple[socket.socket, BinaryIO]]:
    """A connection to write to, and a file to read its answers from."""
    with socket.create_connection(("127.0.0.1", own.port), timeout=DEADLINE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection.makefile("rb") as answers:
            yield connection, answers


def protocols(own: Serving) -> list[Connection]:
    return [it for it in own._server.server_state.connections if isinstance(it, Connection)]


def head(*headers: str, version: str = "1.1") -> bytes:
    lines = [f"POST / HTTP/{version}", "Host: localhost", _TARGET, *headers, "", ""]
    return "\r\n".join(lines).encode()


def whole(body: bytes, *headers: str, version: str = "1.1") -> bytes:
    return head(f"Content-Length: {len(body)}", *headers, version=version) + body


def read(answers: BinaryIO) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers and the body of the next answer."""
    status = int(answers.readline().split()[1])
    headers = {}
    while line := answers.readline().strip():
        name, _, value = line.decode().partition(": ")
        headers[name] = value
    return status, headers, answers.read(int(headers.get("content-length", "0")))


def test_a_request_is_answered_without_a_task(own: Serving, echo: Echo) -> None:
    with connected(own) as (connection, answers):
        for body in (b"one", b"two", b""):
            connection.sendall(whole(body))
            status, headers, said = read(answers)
            assert (status, said) == (200, body)
            assert headers == {
                "content-type": "text/plain",
                "content-length": str(len(body)),
                "date": headers["date"],
            }
    assert echo.in_tasks == [False, False, False]


def test_a_request_that_comes_in_pieces_is_answered_once(own: Serving, echo: Echo) -> None:
    with connected(own) as (connection, answers):
        for byte in whole(b"one"):
            connection.send(bytes([byte]))
        assert read(answers)[2] == b"one"
    assert len(echo.in_tasks) == 1


def test_a_task_answers_where_the_body_comes_later(own: Serving, echo: Echo) -> None:
    with connected(own) as (connection, answers):
        connection.sendall(whole(b"one")[:-1])
        assert until(lambda: [it for it in protocols(own) if it.cycle])
        connection.sendall(b"e")
        assert read(answers)[2] == b"one"
    assert echo.in_tasks == [True]


def test_requests_sent_one_behind_the_other_are_answered_in_their_order(own: Serving) -> None:
    bodies = [str(number).encode() for number in range(200)]
    with connected(own) as (connection, answers):
        connection.sendall(b"".join(map(whole, bodies)))
        assert [read(answers)[2] for _ in bodies] == bodies


def test_nothing_is_done_where_what_comes_behind_is_no_http(own: Serving, echo: Echo) -> None:
    with connected(own) as (connection, answers):
        connection.sendall(whole(b"one") + b"\0\0\r\n\r\n")
        assert read(answers)[0] == 400
        assert answers.read() == b""
    assert echo.in_tasks == []


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        pytest.param(whole(_LONG), _LONG, id="long"),
        pytest.param(whole(b"one", "Connection: close"), b"one", id="closing"),
        pytest.param(whole(b"one", version="1.0"), b"one", id="HTTP/1.0"),
    ],
)
def test_a_task_answers_what_is_not_so_plain(
    own: Serving, echo: Echo, sent: bytes, body: bytes
) -> None:
    with connected(own) as (connection, answers):
        connection.sendall(sent)
        assert read(answers)[::2] == (200, body)
    assert echo.in_tasks == [True]


def test_a_body_in_chunks_is_read_whole(own: Serving) -> None:
    with connected(own) as (connection, answers):
        connection.sendall(head("Transfer-Encoding: chunked"))
        connection.sendall(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
        assert read(answers)[2] == b"onetwo"


def test_a_client_that_asks_whether_it_may_send_its_body_may(own: Serving) -> None:
    with connected(own) as (connection, answers):
        connection.sendall(head("Content-Length: 3", "Expect: 100-continue"))
        assert read(answers)[0] == 100
        connection.sendall(b"one")
        assert read(answers)[::2] == (200, b"one")


def test_the_connection_is_there_after_a_long_body(own: Serving) -> None:
    with connected(own) as (connection, answers):
        for body in (_LONG, b"one", _LONG, b"two"):
            connection.sendall(whole(body))
            assert read(answers)[2] == body


def test_a_fault_is_logged_and_the_next_request_is_answered(
    own: Serving, logged: list[tuple[str, dict[str, object]]]
) -> None:
    with connected(own) as (connection, answers):
        connection.sendall(whole(b"fail"))
        said = b"The local cloud has failed; its log says how.\n"
        assert read(answers)[::2] == (500, said)
        connection.sendall(whole(b"one"))
        assert read(answers)[::2] == (200, b"one")
    assert logged == [("request not answered", {})]


def test_an_answer_that_cannot_be_sent_is_a_fault(
    own: Serving, logged: list[tuple[str, dict[str, object]]]
) -> None:
    with connected(own) as (connection, answers):
        connection.sendall(whole(b"headers"))
        assert read(answers)[0] == 500
    assert logged == [("request not answered", {})]


def test_an_answer_to_head_has_no_body(own: Serving) -> None:
    with connected(own) as (connection, answers):
        connection.sendall(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n" + whole(b"one"))
        assert answers.readline() == b"HTTP/1.1 404 Not Found\r\n"
        while answers.readline().strip():
            pass
        assert read(answers)[::2] == (200, b"one")


def test_a_request_that_becomes_whole_while_the_server_ends_is_the_last(own: Serving) -> None:
    with connected(own) as (connection, answers):
        connection.sendall(whole(b"one")[:-1])
        assert until(lambda: [it for it in protocols(own) if it.cycle])
        own._server.should_exit = True
        assert until(lambda: [it for it in protocols(own) if not it.cycle.keep_alive])
        connection.sendall(b"e")
        status, headers, said = read(answers)
        assert (status, headers["connection"], said) == (200, "close", b"one")
        assert answers.read() == b""


@pytest.mark.parametrize("sent", [whole(b"one"), whole(b"one")[:-1]], ids=["whole", "in part"])
def test_nothing_is_left_of_a_connection_that_is_reset(own: Serving, sent: bytes) -> None:
    gc.disable()
    try:
        with connected(own) as (connection, _):
            connection.sendall(sent)
            assert until(lambda: [it for it in protocols(own) if it.cycle])
            left = weakref.ref(protocols(own)[0])
            if sent == whole(b"one"):
                assert connection.recv(1)
            # To close it now is to reset it.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert until(lambda: left() is None)
    finally:
        gc.enable()


def test_where_answers_wait_for_the_disk_a_task_does(echo: Echo) -> None:
    class NoJournal:
        """Nothing is noted before there are tables, so nothing of it is asked."""

    recorder = Recorder(NoJournal(), give_up=pytest.fail)  # type: ignore[arg-type]
    with (
        serving(Cloud(recorder, ask=echo)) as own,
        connected(own) as (connection, answers),
    ):
        connection.sendall(whole(b"one"))
        assert read(answers)[::2] == (200, b"one")
    assert echo.in_tasks == [True]
