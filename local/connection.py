"""One connection to a server of a laptop: uvicorn's own, which needs no task for most requests.

For each request uvicorn makes a task, which sends the answer in parts. That takes longer than most
answers of the local cloud, and a tenth of what the gateway takes for a list of links.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)


class Connection(HttpToolsProtocol):
    """Serves requests one after the other. A subclass says how it answers one without a task."""

    #: Whether bytes are being read, and the request that has begun with them, if it is plain.
    _reading = False
    _plain: RequestResponseCycle | None = None

    def data_received(self, data: bytes) -> None:
        """Read on, and answer a plain request that has come whole."""
        self._reading = True
        super().data_received(data)
        self._reading = False
        cycle, self._plain = self._plain, None
        if cycle is None:
            return
        if self.transport.is_closing():
            # What came behind it was no HTTP, and the client has been told so.
            part(cycle)
        elif cycle.more_body or not cycle.keep_alive:
            self._start_asgi_task(cycle, self.app)
        else:
            self.answer(cycle)

    @abstractmethod
    def answer(self, cycle: RequestResponseCycle) -> None:
        """Answer a whole request, or start a task for it."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client, at once: both processes look for reference cycles late."""
        super().connection_lost(exc)
        # uvicorn leaves its timer where a client has reset the connection.
        self._unset_keepalive_if_required()
        # Requests behind the one that is being answered are not begun.
        while self.pipeline:
            part(self.pipeline.pop()[0])

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # One that came behind another is answered when that one is, by a task.
        is_plain = cycle.scope["method"] != "HEAD" and app is self.app
        if self._reading and is_plain and not self.flow.write_paused:
            self._plain = cycle
        else:
            super()._start_asgi_task(cycle, app)

    def send(
        self,
        cycle: RequestResponseCycle,
        status: int,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
    ) -> None:
        """Send the answer of a request, whole, and begin to wait for the next one."""
        self.transport.write(written(status, headers, body))
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()
        part(cycle)


def part(cycle: RequestResponseCycle) -> None:
    """Let a request forget its connection, as uvicorn does: they would keep each other."""
    cycle.on_response = lambda: None


def written(status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bytes:
    """Write an answer as HTTP has it."""
    head = [STATUS_LINE[status]]
    for name, value in headers:
        head += (name.lower(), b": ", value, b"\r\n")
    return b"".join([*head, b"\r\n", body])
