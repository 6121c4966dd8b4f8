"""One connection to the local cloud: uvicorn's own, which answers at once what need not wait.

For each request uvicorn makes a task, which sends the answer in parts. That takes longer than most
answers of the cloud.
"""

from typing import Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from chalicelib import log
from local.cloud.answers import Answer
from local.cloud.request import headers_of, sentence

_FAULT = sentence(500, "The local cloud has failed; its log says how.")


class Connection(HttpToolsProtocol):
    """Serves requests one after the other.

    Its application has, besides what ASGI wants, a method `at_once(scope, body)`, which gives the
    answer of a whole request, or None for one that needs a task.
    """

    #: A request that is to be answered without a task.
    _pending: RequestResponseCycle | None = None

    def data_received(self, data: bytes) -> None:
        """Read on, and answer what is whole."""
        super().data_received(data)
        cycle = self._pending
        if cycle is not None and not cycle.more_body:
            self._pending = None
            if self.transport.is_closing():
                # What came behind it was no HTTP, and the client has been told so.
                _part(cycle)
            else:
                self._answer(cycle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client, at once: this process looks for reference cycles late."""
        super().connection_lost(exc)
        # uvicorn leaves its timer where a client has reset the connection.
        self._unset_keepalive_if_required()
        if self._pending is not None:
            _part(self._pending)
            self._pending = None

    def on_body(self, body: bytes) -> None:
        """Read a part of a body. A task reads a long one."""
        super().on_body(body)
        if self._pending is self.cycle and len(self.cycle.body) > HIGH_WATER_LIMIT:
            self._pending = None
            super()._start_asgi_task(self.cycle, self.app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # One that came behind another may be whole already; nothing more comes that would end it.
        still_comes = cycle.more_body and not cycle.waiting_for_100_continue
        is_plain = cycle.scope["method"] == "POST" and cycle.keep_alive
        if app is self.app and still_comes and is_plain and not self.flow.write_paused:
            self._pending = cycle
        else:
            super()._start_asgi_task(cycle, app)

    def _answer(self, cycle: RequestResponseCycle) -> None:
        sent = None
        # It may have begun to end in the meantime.
        if cycle.keep_alive:
            try:
                answer = self.app.at_once(cycle.scope, bytes(cycle.body))
                sent = _written(answer) if answer else None
            except Exception:
                log.failure("request not answered")
                sent = _written(_FAULT)
        if sent is None:
            super()._start_asgi_task(cycle, self.app)
            return
        self.transport.write(sent)
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()
        _part(cycle)


def _part(cycle: RequestResponseCycle) -> None:
    """Let a request forget its connection, as uvicorn does: they would keep each other."""
    cycle.on_response = lambda: None


def _written(answer: Answer) -> bytes:
    """Write an answer as HTTP has it."""
    head = [STATUS_LINE[answer[0]]]
    for name, value in headers_of(answer):
        head += (name, b": ", value, b"\r\n")
    return b"".join([*head, b"\r\n", answer[2]])
