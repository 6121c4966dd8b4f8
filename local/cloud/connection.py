"""One connection to the local cloud: what need not wait is answered where it is read."""

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from chalicelib import log
from local import connection
from local.cloud.request import headers_of, sentence

_FAULT = sentence(500, "The local cloud has failed; its log says how.")


class Connection(connection.Connection):
    """Serves requests one after the other.

    Its application has, besides what ASGI wants, a method `at_once(scope, body)`, which gives the
    answer of a whole request, or None for one that needs a task.
    """

    def answer(self, cycle: RequestResponseCycle) -> None:
        """Answer a whole request, or start a task for it."""
        try:
            answer = self.app.at_once(cycle.scope, bytes(cycle.body))
            headers = headers_of(answer) if answer else []
        except Exception:
            log.failure("request not answered")
            answer, headers = _FAULT, headers_of(_FAULT)
        if answer is None:
            self._start_asgi_task(cycle, self.app)
        else:
            self.send(cycle, answer[0], headers, answer[2])
