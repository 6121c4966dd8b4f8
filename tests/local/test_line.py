"""The connections to the local cloud: kept, opened anew, and broken in every way."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore import exceptions

from local import line, stage
from tests.support import processes
from tests.support.processes import until
from tests.support.scripted_cloud import Cloud, says

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
_BODY = b'{"QueueUrl": "there"}'
_ANSWER = _HEAD + b"Content-Length: 21\r\n\r\n" + _BODY


@pytest.fixture
def kept() -> Iterator[line.Line]:
    with contextlib.closing(line.Line(60, 60)) as made:
        yield made


def ask(by: line.Line, address: str) -> Any:
    return by.post(address, {"X-Amz-Target": "AmazonSQS.GetQueueUrl"}, b'{"a": 1}')


def test_an_answer_is_given_as_botocore_reads_it(kept: line.Line) -> None:
    with Cloud([says(_ANSWER)]).serving() as address:
        answer = ask(kept, address)
    assert (answer.status_code, answer.body) == (200, _BODY)
    assert answer.headers["content-type"] == "application/x-amz-json-1.0"


@pytest.mark.parametrize("at", range(1, len(_ANSWER), 7))
def test_an_answer_may_come_in_parts(kept: line.Line, at: int) -> None:
    with Cloud([says(_ANSWER[:at], _ANSWER[at:])]).serving() as address:
        assert ask(kept, address).body == _BODY


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
        assert [ask(kept, address).body for _ in range(2)] == [_BODY] * 2


def test_a_connection_that_was_closed_while_idle_is_replaced_at_once(kept: line.Line) -> None:
    cloud = Cloud([says(_ANSWER)], [says(_ANSWER)])
    with cloud.serving() as address:
        ask(kept, address)
        assert until(lambda: cloud.closed == 1)
        assert ask(kept, address).body == _BODY


def test_a_request_is_sent_twice_at_most_however_many_connections_are_kept(
    kept: line.Line,
) -> None:
    together = threading.Barrier(3)

    def say_together(connection: socket.socket) -> None:
        together.wait(processes.DEADLINE)
        connection.sendall(_ANSWER)

    old = [Cloud([say_together, says(b"")]) for _ in range(3)]
    new = Cloud([says(_ANSWER)])
    with contextlib.ExitStack() as serving:
        addresses = [serving.enter_context(it.serving()) for it in (*old, new)]
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda address: ask(kept, address), addresses[:3]))
        assert ask(kept, addresses[3]).body == _BODY
    assert sorted(len(it.requests) for it in old) == [1, 1, 2]
    assert len(new.requests) == 1


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
