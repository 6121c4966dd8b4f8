"""A request as the server read it, and what is wrong with one that must not reach the app."""

import urllib.parse
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Self

from chalicelib import errors
from local.listening import is_own_name

#: Bytes that API Gateway takes; what is longer never reaches the app there either.
_MAX_BYTES = 10 * 1024 * 1024
_VERSIONS = ("1.0", "1.1")
#: The path that waits for a host if its query names one.
_UPTIME = "/v3/uptime"

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class Refused(Exception):
    """The request must not reach the app; the message is the sentence for its sender."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class ClientGone(Exception):
    """The client gave up in the middle of its request."""


class Request(NamedTuple):
    """A request that was read whole. `path` and `query` are as they were sent."""

    method: str
    path: str
    query: str
    #: By names in lower case. Of a header that came several times it is the last, as on AWS.
    headers: dict[str, str]
    body: bytes

    @property
    def target(self) -> str:
        """The path with its query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def route(self) -> str:
        """The path as the app's routes take it: without a last slash, and what follows a ";"."""
        return urllib.parse.urlparse(self.path).path.rstrip("/")

    @property
    def may_hold(self) -> bool:
        """Whether it asks for an answer that is held until there is news."""
        return any(name == "timeout" and value.strip("0") for name, value in self._pairs())

    @property
    def asks_a_host(self) -> bool:
        """Whether it asks for the uptime of a host, which it waits for."""
        asks = self.route == _UPTIME
        return asks and any(name == "host" and value for name, value in self._pairs())

    def at_once(self) -> Self:
        """Give the same request, but for an answer that is not held."""
        pairs = [(name, "0" if name == "timeout" else value) for name, value in self._pairs()]
        return self._replace(query=urllib.parse.urlencode(pairs))

    def _pairs(self) -> list[tuple[str, str]]:
        if not self.query:
            return []
        return urllib.parse.parse_qsl(self.query, keep_blank_values=True)


def headers(scope: Mapping[str, Any]) -> dict[str, str]:
    """Give the headers of a request, by their names in lower case."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def check(scope: Mapping[str, Any]) -> None:
    """Check what can be seen before the body is read. Raises Refused."""
    if scope["http_version"] not in _VERSIONS:
        raise Refused(505, "This laptop speaks HTTP/1.1 and HTTP/1.0.")
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1:
        raise Refused(400, "The headers cannot be read.")
    if hosts and not is_own_name(hosts[0].decode("latin-1")):
        raise Refused(403, "This laptop answers only to names of its own, such as localhost.")
    for name, value in scope["headers"]:
        if name == b"content-length" and int(value) > _MAX_BYTES:
            raise Refused(413, str(errors.BodyTooLarge()))


async def read(scope: Mapping[str, Any], receive: Receive) -> Request:
    """Read a request whole. Raises ClientGone, and Refused for a body that is too long."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > _MAX_BYTES:
            raise Refused(413, str(errors.BodyTooLarge()))
    return of(scope, bytes(body))


def of(scope: Mapping[str, Any], body: bytes) -> Request:
    """Give the request that a server has read, with its body."""
    return Request(
        scope["method"],
        scope["raw_path"].decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        headers(scope),
        body,
    )
