"""HTTP on a laptop: bodies in chunks, endless heads, other protocols, and clients that go away."""

import contextlib
import http.client
import json
import socket
import struct

import pytest

from tests.support import gateways


def test_a_proxys_form_of_a_path_is_understood(port: int) -> None:
    answer = gateways.all_of(
        port, b"GET http://localhost/nope?x=1 HTTP/1.1\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 404 ")
    answer = gateways.all_of(port, b"GET http://localhost/v1 HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("body", "status"), [([b'{"co', b'unt": "x"}'], 400), ([b"x" * 40_000] * 2, 413)]
)
def test_a_body_may_come_in_chunks(
    connection: http.client.HTTPConnection, body: list[bytes], status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/v2/iostat", iter(body), headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["status"]) == (status, status)


def test_chunks_end_where_a_body_is_too_long(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(b"POST /v2/iostat HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        with contextlib.suppress(ConnectionError):
            for _ in range(12):
                raw.sendall(chunk)
        assert raw.recv(65_536).startswith(b"HTTP/1.1 413 ")


def test_an_endless_head_is_refused(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(1000):
                raw.sendall(b"Foo: " + b"x" * 1000 + b"\r\n")
        assert raw.recv(65_536).startswith(b"HTTP/1.1 431 ")


def test_a_client_that_sends_no_more_has_its_answer(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
        raw.shutdown(socket.SHUT_WR)
        assert raw.makefile("rb").read().startswith(b"HTTP/1.1 200 ")


def test_another_protocol_is_not_changed_to(port: int) -> None:
    answer = gateways.all_of(
        port, b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET / HTTP/1.1\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 200 ") == 1


def test_a_client_that_resets_leaves_no_trace(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    for sent in (
        b"",
        b"GET / HT",
        b"POST /v2/iostat HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
        b"GET / HTTP/1.1\r\n\r\n",
    ):
        raw = socket.create_connection(("127.0.0.1", port), timeout=30)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.sendall(sent)
        raw.close()
    assert gateways.all_of(port, b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert "Traceback" not in capfd.readouterr().err
