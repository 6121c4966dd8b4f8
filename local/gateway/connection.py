"""One connection of the gateway: its bounds, what it refuses, and how its answers are sent."""

import asyncio
import functools
import logging
import re
import sys

import httptools
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

from chalicelib import errors, log
from local import connection
from local.gateway import answers
from local.gateway.answers import Answer

#: The most bytes of a request line and headers.
_MAX_HEAD = 65_536
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?= )")
#: Methods that the parser takes. It does not know every one, so that others go under the last.
_PARSED = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE")
_STAND_IN = _PARSED[-1]


class Connection(connection.Connection):
    """Serves requests one after the other, for the gateway's `Application`."""

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

    def answer(self, cycle: RequestResponseCycle) -> None:
        """Begin to answer a whole request."""
        begun = self.app.begin(cycle.scope, bytes(cycle.body))
        if begun is None:
            self._start_asgi_task(cycle, self.app)
            return
        # The server waits for it where it ends, as for a task, or cancels it.
        self.tasks.add(begun)
        begun.add_done_callback(functools.partial(self._end, cycle))
        # Who is not read any more is not known to have gone either.
        self.flow.resume_reading()

    def _end(self, cycle: RequestResponseCycle, answer: asyncio.Future[Answer]) -> None:
        """Send an answer that is there.

        Where there is something else to say, or the connection is closed, a task does so.
        """
        self.tasks.discard(answer)
        failed = answer.cancelled() or answer.exception() is not None
        if failed or not cycle.keep_alive or not _is_plain(answer.result()):
            # It must not know this connection: a fault remembers what was called.
            send = self.app.send
            self._start_asgi_task(cycle, lambda scope, _, sends: send(scope, sends, answer))
        elif cycle.disconnected:
            connection.part(cycle)
        else:
            status, headers, body = answer.result()
            self.send(cycle, status, [*self.server_state.default_headers, *headers], body)

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read as HTTP, for the parser's error that is being handled."""
        if isinstance(sys.exception(), httptools.HttpParserInvalidURLError):
            self._refuse(404, str(errors.NoSuchPath()))
        else:
            self._refuse(400, "The request cannot be read as HTTP.")

    def _refuse(self, status: int, detail: str) -> None:
        answer = answers.problem(status, detail).closing()
        headers = [*self.server_state.default_headers, *answer.headers]
        self.transport.write(connection.written(status, headers, answer.body))
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


def _is_plain(answer: Answer) -> bool:
    """Tell whether an answer may be sent as it stands. uvicorn completes or refuses all others."""
    status, headers, body = answer
    length = (b"Content-Length", b"%d" % len(body))
    is_framed = not body if status == 204 else length in headers
    return is_framed and status in STATUS_LINE and not any(map(_is_special, headers))


def _is_special(header: tuple[bytes, bytes]) -> bool:
    """Tell whether a header is about the connection, or would end its line."""
    name, value = header
    of_connection = name.lower() in (b"connection", b"transfer-encoding")
    return of_connection or bool(HEADER_RE.search(name) or HEADER_VALUE_RE.search(value))
