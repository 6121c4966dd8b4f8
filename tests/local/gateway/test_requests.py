"""HTTP on a laptop, seen on the wire: what reaches the app, and what does not."""

import http.client
import json
import socket

import pytest

from tests.support.asking import problem


def test_a_connection_is_good_for_many_requests(connection: http.client.HTTPConnection) -> None:
    """A wrong body, such as one in the answer to HEAD, would break the next answer."""
    for method, path, status in [
        ("GET", "/", 200),
        ("HEAD", "/v1/", 405),
        ("GET", "/v1/", 200),
        ("OPTIONS", "/v1/", 405),
        ("GET", "/nope", 404),
        ("DELETE", "/v2/task/x", 404),
        ("GET", "/v2/", 200),
    ]:
        connection.request(method, path, body="x" if method == "DELETE" else None)
        answer = connection.getresponse()
        assert (method, path, answer.status) == (method, path, status)
        answer.read()
    assert answer.headers["Server"] == "hoststat"


@pytest.mark.parametrize(
    ("headers", "status", "title", "detail"),
    [
        (
            {"Host": "evil.example"},
            403,
            "Forbidden",
            "This laptop answers only to names of its own, such as localhost.",
        ),
        ({"Content-Length": "x"}, 400, "Bad Request", "The request cannot be read as HTTP."),
        ({"Content-Length": "-1"}, 400, "Bad Request", "The request cannot be read as HTTP."),
        (
            {"Content-Length": "99999999999"},
            413,
            "Content Too Large",
            "A body may be at most 64 KB long.",
        ),
    ],
)
def test_a_bad_request_is_refused_and_the_connection_closed(
    connection: http.client.HTTPConnection,
    headers: dict[str, str],
    status: int,
    title: str,
    detail: str,
) -> None:
    connection.putrequest("POST", "/v2/iostat", skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert json.loads(answer.read()) == problem(status, title, detail)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.will_close or connection.sock is None or connection.sock.recv(1) == b""


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"])
def test_it_answers_to_every_name_of_the_loopback(
    connection: http.client.HTTPConnection, host: str
) -> None:
    connection.request("GET", "/", headers={"Host": host})
    assert connection.getresponse().read().startswith(b'{"links"')


def test_credentials_are_never_quoted(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/nope", headers={"Authorization": "Basic c2VjcmV0"})
    answer = connection.getresponse()
    assert (answer.status, b"c2VjcmV0" in answer.read()) == (404, False)


def test_an_unknown_method_gets_an_error_like_all_others(
    connection: http.client.HTTPConnection,
) -> None:
    connection.request("BREW", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (405, "application/problem+json")
    answer.read()


def test_a_client_that_waits_for_100_continue_may_send_its_body(
    connection: http.client.HTTPConnection,
) -> None:
    connection.putrequest("POST", "/v2/iostat")
    for name, value in {
        "Expect": "100-continue",
        "Content-Length": "1",
        "Content-Type": "text/plain",
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.sock
    assert connection.sock.recv(65_536).startswith(b"HTTP/1.1 100 Continue")
    connection.send(b"x")
    assert connection.getresponse().status == 415


def test_a_body_that_is_not_complete_is_not_used(
    connection: http.client.HTTPConnection,
) -> None:
    connection.putrequest("POST", "/v2/iostat")
    connection.putheader("Content-Length", "100")
    connection.endheaders()
    connection.send(b"{}")
    assert connection.sock
    connection.sock.shutdown(socket.SHUT_WR)
    assert connection.sock.recv(65_536) == b""


def test_two_lengths_are_refused(connection: http.client.HTTPConnection) -> None:
    connection.putrequest("POST", "/v2/iostat")
    connection.putheader("Content-Length", "0")
    connection.putheader("Content-Length", "5")
    connection.endheaders()
    assert connection.getresponse().status == 400


@pytest.mark.parametrize(
    "lines",
    [
        "Host: localhost\r\nFoo : x\r\nContent-Length: 3\r\n",
        "Foo : x\r\nHost: evil.example\r\n",
        "Host: localhost\r\nHost: evil.example\r\n",
        "Host: localhost\r\nFoo: x\rHost: evil.example\r\n",
        "Host: localhost\r\nFoo: x\r\n Host: evil.example\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
    ],
)
def test_headers_that_can_be_read_in_two_ways_are_refused(port: int, lines: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(f"POST /v2/iostat HTTP/1.1\r\n{lines}\r\n".encode())
        assert raw.makefile("rb").read().startswith(b"HTTP/1.1 400 ")


def test_an_unknown_path_is_404_whatever_the_credentials(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(
            "GET /nope HTTP/1.1\r\nAuthorization: Basic ü\r\nX-Request-Id: mine\r\n"
            "Connection: close\r\n\r\n".encode("latin-1")
        )
        answer = raw.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 404 ")
        assert b"x-request-id: mine\r\n" in answer


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /a b HTTP/1.1", 400),
        ("GET /a HTTP/2.0", 505),
        ("GET /a", 505),
        ("GET /a HTTP/0.9", 505),
        ("NONSENSE", 400),
        ("GET /v2/task/\N{GRINNING FACE} HTTP/1.1", 404),
        ("CONNECT localhost:80 HTTP/1.1", 404),
        ("OPTIONS * HTTP/1.1\r\nConnection: close", 404),
    ],
)
def test_a_broken_request_gets_an_answer_and_a_new_id(port: int, line: str, status: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(b"GET /v1 HTTP/1.1\r\nX-Request-Id: first\r\n\r\n")
        assert b"x-request-id: first\r\n" in raw.recv(65_536)
        raw.sendall(f"{line}\r\n\r\n".encode())
        answer = raw.makefile("rb").read()
        assert f'"status":{status},'.encode() in answer
        assert b"first" not in answer


def test_a_multipart_form_is_of_the_wrong_type(
    connection: http.client.HTTPConnection,
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=abc"}
    connection.request("POST", "/v2/iostat", body="--abc--", headers=headers)
    assert connection.getresponse().status == 415
