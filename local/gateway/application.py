"""The ASGI application: reads a request, has the app answer it on a thread, sends the answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from chalicelib import log
from local.gateway import answers, requests
from local.gateway.answers import Answer
from local.gateway.calls import Calls, TooMany
from local.gateway.requests import ClientGone, Receive, Refused, Request

#: The path whose calls measure while their callers wait. They must not use up the others' threads.
_MEASURING = "/v1/iostat"
#: Calls of each kind that run at once.
_QUICK_THREADS, _MEASURING_THREADS, _HELD_THREADS = 64, 200, 400
#: Quick calls that wait for a thread. One needs some milliseconds.
_WAITING = 512
_TOO_MANY = "Too many requests are in flight here; try again."
_ENDING = "The service ends."

Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Application:
    """Has `ask` answer requests, on threads. It must not raise.

    Calls in flight are bounded: one too many is 503 at once, before any work is begun.
    """

    def __init__(
        self,
        ask: Callable[[Request], Answer],
        *,
        quick: Calls | None = None,
        measuring: Calls | None = None,
        held: Calls | None = None,
    ) -> None:
        self._ask = ask
        self._quick = quick or Calls("quick", _QUICK_THREADS, _WAITING)
        self._measuring = measuring or Calls("measuring", _MEASURING_THREADS)
        self._held = held or Calls("held", _HELD_THREADS)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self.send(scope, send, self._answer(scope, receive))

    def begin(self, scope: Mapping[str, Any], body: bytes) -> asyncio.Future[Answer] | None:
        """Begin to answer a whole request, and give the future of its answer.

        Gives None, and begins nothing, for a request that must not reach the app or is one too
        many: `__call__` says so.
        """
        try:
            requests.check(scope)
            return self._make(requests.of(scope, body))
        except (Refused, TooMany):
            return None

    async def send(self, scope: Mapping[str, Any], send: Send, answer: Awaitable[Answer]) -> None:
        """Send an answer when it is there, or what there is to say instead."""
        try:
            given = await answer
        except ClientGone:
            return
        except Refused as refused:
            # What is left of the body was not read.
            given = _problem(scope, refused.status, str(refused)).closing()
        except TooMany:
            log.event("too many calls in flight", level=logging.WARNING, path=scope["path"][:200])
            given = _problem(scope, 503, _TOO_MANY)
        except asyncio.CancelledError:
            given = _problem(scope, 503, _ENDING).closing()
        await send(
            {"type": "http.response.start", "status": given.status, "headers": given.headers}
        )
        await send({"type": "http.response.body", "body": given.body})

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        requests.check(scope)
        return await self._make(await requests.read(scope, receive))

    def _make(self, request: Request) -> asyncio.Future[Answer]:
        """Have a request answered by the threads of its kind. Raises TooMany."""
        if request.route == _MEASURING:
            calls = self._measuring
        elif request.asks_a_host:
            calls = self._held
        elif not request.may_hold:
            calls = self._quick
        elif self._held.full:
            # An answer at once is better than none.
            calls, request = self._quick, request.at_once()
        else:
            calls = self._held
        return calls.make(lambda: self._ask(request))


def _problem(scope: Mapping[str, Any], status: int, detail: str) -> Answer:
    return answers.problem(status, detail, requests.headers(scope))
