"""One connection: uvicorn's own, with bounds, and with our shape for what it refuses itself."""

import asyncio
import logging
import re
import sys

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from chalicelib import errors, log
from local.gateway import answers

#: The most bytes of a request line and headers.
_MAX_HEAD = 65_536
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?= )")
#: Methods that the parser takes. It does not know every one, so that others go under the last.
_PARSED = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE")
_STAND_IN = _PARSED[-1]


class Connection(HttpToolsProtocol):
    """Serves requests one after the other."""

    #: The method of the next request, where the parser does not know it.
    _method = b""
    #: Bytes that came of a request whose head is not complete; None while none is being read.
    _head: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, or refuse to where there are too many connections already."""
        super().connection_made(transport)
        if self.limit_concurrency and len(self.connections) >= self.limit_concurrency:
            log.event("too many connections", level=logging.WARNING, most=self.limit_concurrency)
            self._refuse(503, "Too many connections are open here; try again.")
        self._expect_data()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client. uvicorn leaves its timer where it has reset the connection."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        super().data_received(self._with_known_method(data))
        if self.transport.is_closing():
            return
        if self._head is not None:
            self._head += len(data)
            if self._head > _MAX_HEAD:
                self._refuse(431, "The headers are too long.")
        if self._head is not None or (self.cycle and self.cycle.more_body):
            self._expect_data()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Answer a client that sends no more, if its request is whole."""
        if self.cycle is None or self.cycle.more_body or self.cycle.response_complete:
            return None
        self.cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        """Begin to read the head of a request."""
        super().on_message_begin()
        self._head = 0

    def on_headers_complete(self) -> None:
        """Begin to answer a request whose head is read."""
        self._head = None
        super().on_headers_complete()
        if self._method:
            self.scope["method"], self._method = self._method.decode(), b""
        if self.parser.should_upgrade():
            # The parser reads no further; HTTP/1.1 is all that there is.
            self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read as HTTP, for the parser's error that is being handled."""
        if isinstance(sys.exception(), httptools.HttpParserInvalidURLError):
            self._refuse(404, str(errors.NoSuchPath()))
        else:
            self._refuse(400, "The request cannot be read as HTTP.")

    def _refuse(self, status: int, detail: str) -> None:
        answer = answers.problem(status, detail).closing()
        headers = [*self.server_state.default_headers, *answer.headers]
        lines = [b"%s: %s\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", answer.body]))
        self.transport.close()

    def _expect_data(self) -> None:
        """Close the connection where nothing comes for as long as it may be idle."""
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _with_known_method(self, data: bytes) -> bytes:
        """Put a method that the parser takes in the place of one that it may not know."""
        reading = self._head is not None or (self.cycle is not None and self.cycle.more_body)
        found = None if reading else _METHOD.match(data)
        if found is None or found[0] in _PARSED:
            return data
        self._method = found[0]
        return _STAND_IN + data[found.end() :]
