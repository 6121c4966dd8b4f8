"""How a laptop's processes reach its local cloud: botocore, but over connections of our own.

botocore itself sends by urllib3 and http.client, which take more of a processor than the rest of a
call, and it signs, which the local cloud does not ask for.
"""

import collections
import contextlib
import functools
import io
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import botocore
import botocore.session
import httptools
from botocore import exceptions
from botocore.awsrequest import AWSResponse
from botocore.config import Config

#: The parameters are checked where the tests ask moto in their own process, and when deployed.
_UNSIGNED = Config(signature_version=botocore.UNSIGNED, parameter_validation=False)
#: Bytes that are read at once.
_CHUNK = 65_536


class Session(botocore.session.Session):  # type: ignore[misc]
    """A session of botocore whose clients reach the local cloud, unsigned."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []

    def create_client(self, service: str, *, config: Config) -> Any:
        """Make a client with the timeouts of `config`."""
        client = super().create_client(service, config=config.merge(_UNSIGNED))
        line = Line(config.connect_timeout, config.read_timeout)
        client.meta.events.register("before-send", line.ask)
        self._lines.append(line)
        return client

    def close(self) -> None:
        """Close the connections of all clients that are not in use."""
        for line in self._lines:
            line.close()


class Line:
    """The connections of one client, for any number of threads."""

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        self._connect_seconds, self._read_seconds = connect_seconds, read_seconds
        #: Connections that no thread uses now.
        self._idle: collections.deque[socket.socket] = collections.deque()

    def ask(self, request: Any, **_: Any) -> AWSResponse:
        """Send a request and give its answer. botocore, which calls this, does not send it then.

        Raises what botocore would raise itself: EndpointConnectionError, ConnectTimeoutError,
        ReadTimeoutError or ConnectionClosedError.
        """
        url, sent = request.url, _bytes_of(request)
        # One that was idle may have been closed meanwhile; the request is sent by the next then.
        with contextlib.suppress(IndexError):
            while True:
                with contextlib.suppress(exceptions.ConnectionClosedError):
                    return self._exchange(self._idle.pop(), url, sent)
        return self._exchange(self._connect(url), url, sent)

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(self, connection: socket.socket, url: str, sent: bytes) -> AWSResponse:
        try:
            connection.sendall(sent)
            answer = _Answer.read(connection)
        except TimeoutError as late:
            connection.close()
            raise exceptions.ReadTimeoutError(endpoint_url=url, error=late) from late
        except (OSError, httptools.HttpParserError) as broken:
            connection.close()
            raise exceptions.ConnectionClosedError(endpoint_url=url, error=broken) from broken
        if answer.keeps_connection:
            self._idle.append(connection)
        else:
            connection.close()
        return AWSResponse(url, answer.status, answer.headers, _Body(answer.body))

    def _connect(self, url: str) -> socket.socket:
        where = _where(url)
        try:
            connection = socket.create_connection((where.host, where.port), self._connect_seconds)
        except TimeoutError as late:
            raise exceptions.ConnectTimeoutError(endpoint_url=url, error=late) from late
        except OSError as refused:
            raise exceptions.EndpointConnectionError(endpoint_url=url, error=refused) from refused
        # Without this a request of two packets waits for the cloud's word that it has the first.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(self._read_seconds)
        return connection


class _Where(NamedTuple):
    """An address, taken apart."""

    host: str
    port: int
    path: str


@functools.lru_cache(maxsize=16)
def _where(url: str) -> _Where:
    parts = urlsplit(url)
    return _Where(parts.hostname or "", parts.port or 80, parts.path or "/")


def _bytes_of(request: Any) -> bytes:
    """Write a request of botocore's as HTTP has it."""
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    where = _where(request.url)
    lines = [f"{request.method} {where.path} HTTP/1.1", f"Host: {where.host}:{where.port}"]
    for name, value in request.headers.items():
        if name != "Content-Length":
            lines.append(f"{name}: {value.decode() if isinstance(value, bytes) else value}")
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    return "\r\n".join(lines).encode() + bytes(body)


class _Answer:
    """An answer, as httptools reads it."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, dict[str, str](), b""
        self.keeps_connection = self._whole = False
        self._parser = httptools.HttpResponseParser(self)

    @classmethod
    def read(cls, connection: socket.socket) -> "_Answer":
        """Read a whole answer. Raises OSError, HttpParserError."""
        answer = cls()
        while not answer._whole:
            came = connection.recv(_CHUNK)
            if not came:
                raise ConnectionError("The cloud closed the connection.")
            answer._parser.feed_data(came)
        return answer

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1")] = value.decode("latin-1")

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self.keeps_connection = self._parser.should_keep_alive()
        self._whole = True


class _Body(io.BytesIO):
    """A body as botocore wants to read it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()
