"""The connections from a laptop's processes to its local cloud.

botocore itself sends by urllib3 and http.client, which take more of a processor than the rest of a
call.
"""

import collections
import contextlib
import functools
import io
import socket
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import httptools
from botocore import exceptions
from botocore.awsrequest import AWSResponse

#: Bytes that are read at once.
_CHUNK = 65_536


class Line:
    """The connections of one client, for any number of threads."""

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        self._connect_seconds, self._read_seconds = connect_seconds, read_seconds
        #: Connections that no thread uses now.
        self._idle: collections.deque[socket.socket] = collections.deque()

    def post(self, url: str, headers: Mapping[str, str | bytes], body: bytes) -> "Answer":
        """Send a request and give its answer.

        Raises what botocore would raise itself: EndpointConnectionError, ConnectTimeoutError,
        ReadTimeoutError or ConnectionClosedError.
        """
        sent = _bytes_of(url, headers, body)
        with contextlib.suppress(IndexError, exceptions.ConnectionClosedError):
            return self._exchange(self._idle.pop(), url, sent)
        # There was none, or it was closed while it was idle. Then the others are, too.
        self.close()
        return self._exchange(self._connect(url), url, sent)

    def close(self) -> None:
        """Close the connections that are not in use."""
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _exchange(self, connection: socket.socket, url: str, sent: bytes) -> "Answer":
        try:
            connection.sendall(sent)
            reading = _Reading.of(connection)
        except TimeoutError as late:
            connection.close()
            raise exceptions.ReadTimeoutError(endpoint_url=url, error=late) from late
        except (OSError, httptools.HttpParserError) as broken:
            connection.close()
            raise exceptions.ConnectionClosedError(endpoint_url=url, error=broken) from broken
        if reading.keeps_connection:
            self._idle.append(connection)
        else:
            connection.close()
        return Answer(reading.status, reading.headers, reading.body)

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


def _bytes_of(url: str, headers: Mapping[str, str | bytes], body: bytes) -> bytes:
    """Write a request as HTTP has it."""
    where = _where(url)
    lines = [f"POST {where.path} HTTP/1.1", f"Host: {where.host}:{where.port}"]
    for name, value in headers.items():
        if name != "Content-Length":
            lines.append(f"{name}: {value.decode() if isinstance(value, bytes) else value}")
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    return "\r\n".join(lines).encode() + body


class Answer(NamedTuple):
    """The status, the headers by their names in lower case, and the body of an answer."""

    status_code: int
    headers: dict[str, str]
    body: bytes

    def for_botocore(self, url: str) -> AWSResponse:
        """Give the answer as botocore's own sender gives it."""
        return AWSResponse(url, self.status_code, self.headers, _Body(self.body))


class _Reading:
    """An answer that is being read, by httptools."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, dict[str, str](), b""
        self.keeps_connection = self._whole = False
        self._parser = httptools.HttpResponseParser(self)

    @classmethod
    def of(cls, connection: socket.socket) -> "_Reading":
        """Read a whole answer. Raises OSError, HttpParserError."""
        reading = cls()
        while not reading._whole:
            came = connection.recv(_CHUNK)
            if not came:
                raise ConnectionError("The cloud closed the connection.")
            reading._parser.feed_data(came)
        return reading

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

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
