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

    #: A request without a task, which is not answered yet.
    _pending: RequestResponseCycle | None = None

    def data_received(self, data: bytes) -> None:
        """Read on, and answer what is whole."""
        super().data_received(data)
        cycle = self._pending
        if cycle is not None and not cycle.more_body:
            self._pending = None
            # What came behind it may have been no HTTP: then the client has its answer.
            if not self.transport.is_closing():
                self._answer(cycle)

    def on_body(self, body: bytes) -> None:
        """Read a part of a body. A task reads a long one."""
        super().on_body(body)
        if self._pending is self.cycle and len(self.cycle.body) > HIGH_WATER_LIMIT:
            self._pending = None
            super()._start_asgi_task(self.cycle, self.app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # One that came behind another is read whole by now; uvicorn begins it when it is its turn.
        comes_whole = cycle.more_body and not cycle.waiting_for_100_continue
        stays_open = cycle.keep_alive and not self.flow.write_paused
        if app is self.app and comes_whole and stays_open:
            self._pending = cycle
        else:
            super()._start_asgi_task(cycle, app)

    def _answer(self, cycle: RequestResponseCycle) -> None:
        try:
            answer = self.app.at_once(cycle.scope, bytes(cycle.body))
        except Exception:
            log.failure("request not answered")
            answer = _FAULT
        if answer is None:
            super()._start_asgi_task(cycle, self.app)
            return
        self.transport.write(_written(answer))
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()
        # As uvicorn does: otherwise the two keep each other.
        cycle.on_response = lambda: None


def _written(answer: Answer) -> bytes:
    """Write an answer as HTTP has it."""
    head = [STATUS_LINE[answer[0]]]
    for name, value in headers_of(answer):
        head += (name, b": ", value, b"\r\n")
    return b"".join([*head, b"\r\n", answer[2]])
