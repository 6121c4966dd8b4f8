"""The local cloud's server: one loop in one thread, and one request after the other.

moto has no locks. Here each request is answered whole before the next one begins, so it is
atomic. Only polls for messages wait, aside.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from local.asgi import Server, config
from local.cloud import door, guard, moto_app
from local.cloud.answers import Answer
from local.cloud.connection import Connection
from local.cloud.polls import HAPPENINGS, RECEIVE, Polls, poll_of
from local.cloud.recorder import Recorder
from local.cloud.request import (
    Receive,
    Request,
    Send,
    TooLong,
    read_body,
    send_answer,
    sentence,
)

#: Requests that are begun and not answered, polls among them.
_MOST_IN_FLIGHT = 1_000
#: Connections; whoever asks beyond them is told 503, too.
_MOST_CONNECTIONS = 8_000
_BACKLOG = 2_048

_BUSY: Answer = (
    503,
    {"content-type": "application/x-amz-json-1.0", "retry-after": "1"},
    b'{"__type": "ServiceUnavailable", "message": "Too many requests are in flight."}',
)
_TOO_LONG = sentence(413, "A body may have 17 MB.")


def ask_moto(request: Request) -> Answer:
    """Answer a request from moto's data: by the short way if there is one, else by moto's own."""
    answer = door.answer(request.target, request.authorization, request.url, request.body)
    return moto_app.answer(request) if answer is None else answer


class Cloud:
    """The ASGI application."""

    def __init__(
        self,
        recorder: Recorder | None = None,
        ask: Callable[[Request], Answer] = ask_moto,
        most_in_flight: int = _MOST_IN_FLIGHT,
    ) -> None:
        """`ask` answers a request at once; without a `recorder` all is memory."""
        self._recorder, self._ask, self._most = recorder, ask, most_in_flight
        self._polls = Polls(ask)
        self._in_flight = 0

    def at_once(self, scope: Mapping[str, Any], body: bytes) -> Answer | None:
        """Answer a whole request, or give None for one that `__call__` is to answer.

        These are requests that wait, for messages or for the disk where what is stored is durable,
        and those that bring a message to who waits.
        """
        if self._recorder is not None or not self._free:
            return None
        request, refused = _request(scope)
        if refused is not None:
            return refused
        if request.target == RECEIVE or request.target in HAPPENINGS:
            # Who waits for a message may have gone, which is known some turns of the loop later.
            return None
        return self._ask_now(request._replace(body=body))

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        request, refused = _request(scope)
        if refused is not None:
            await send_answer(send, refused)
        elif not self._free:
            await send_answer(send, _BUSY)
        else:
            self._in_flight += 1
            try:
                # All that have come are counted before the first is answered.
                await asyncio.sleep(0)
                await self._answer(request, receive, send)
            finally:
                self._in_flight -= 1

    @property
    def _free(self) -> bool:
        return self._in_flight < self._most

    def _ask_now(self, request: Request) -> Answer:
        answer = self._ask(request)
        self._polls.hear(request)
        return answer

    async def _answer(self, request: Request, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(receive)
        except TooLong:
            await send_answer(send, _TOO_LONG)
            return
        if body is None:
            return
        request = request._replace(body=body)
        poll = poll_of(request) if request.target == RECEIVE else None
        if poll is not None:
            await self._polls.answer(poll, receive, send)
            return
        answer = self._ask_now(request)
        if self._recorder is not None:
            if answer[0] == 200 and b"Action=CreateStack" in body:
                self._recorder.load(request.place)
            self._recorder.note(request, answer)
            await self._recorder.flushed()
        await send_answer(send, answer)


def _request(scope: Mapping[str, Any]) -> tuple[Request, Answer | None]:
    """Give a request without its body, and the answer if it must not get any further."""
    given = [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]
    request = Request(scope["raw_path"].decode(), dict(given))
    refused = guard.refusal(scope["method"], request.path, given, request.headers)
    return request, None if refused is None else sentence(*refused)


def server(cloud: Cloud) -> Server:
    """Make the server of a cloud. It is to `run` with a socket."""
    return Server(
        config(
            cloud,
            http=Connection,
            date_header=False,
            log_level="error",
            backlog=_BACKLOG,
            limit_concurrency=_MOST_CONNECTIONS,
        )
    )
