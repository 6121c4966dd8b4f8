"""ReceiveMessage: polls wait aside for a message, and one whose client has gone gets none."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from moto.sqs.models import sqs_backends

from local.cloud.answers import Answer
from local.cloud.request import Receive, Request, Send, send_answer

RECEIVE = "AmazonSQS.ReceiveMessage"

#: What may leave a message for somebody who waits.
HAPPENINGS = {
    "AmazonSQS.SendMessage",
    "AmazonSQS.SendMessageBatch",
    "AmazonSQS.ChangeMessageVisibility",
    "AmazonSQS.ChangeMessageVisibilityBatch",
}
#: Seconds after which a poll looks by itself: messages also become visible by time alone.
_LOOK_SECONDS = 1.0
_MOST_WAIT_SECONDS = 20
#: Turns of the loop until a client's leaving that the system knows of is known here, too: one
#: reads it, one closes the connection, one tells the application.
_TURNS = 3


class Poll(NamedTuple):
    """A ReceiveMessage that may wait; its request asks moto not to wait."""

    request: Request
    queue: str
    seconds: int


def poll_of(request: Request) -> Poll | None:
    """Make a poll of a ReceiveMessage, or None if moto will refuse it.

    moto itself must never wait: nobody else would be answered meanwhile.
    """
    asked = _asked(request)
    queue = _queue_of(asked)
    given = asked.get("WaitTimeSeconds")
    try:
        seconds = int(_default_wait(request, queue) if given is None else given)
    except (KeyError, TypeError, ValueError):
        return None
    if not 0 <= seconds <= _MOST_WAIT_SECONDS:
        return None
    body = json.dumps({**asked, "WaitTimeSeconds": 0}).encode()
    return Poll(request._replace(body=body), queue, seconds)


def _asked(request: Request) -> dict[str, Any]:
    try:
        asked = json.loads(request.body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _queue_of(asked: dict[str, Any]) -> str:
    return str(asked.get("QueueUrl", "")).rpartition("/")[2]


def _default_wait(request: Request, name: str) -> Any:
    account, region = request.place
    queue: Any = sqs_backends[account][region].queues.get(name)
    return queue.receive_message_wait_time_seconds if queue else 0


class Polls:
    """The polls that wait, by queue; who came first is woken first."""

    def __init__(self, ask: Callable[[Request], Answer]) -> None:
        """`ask` answers a request at once."""
        self._ask = ask
        self._waiting: dict[str, list[asyncio.Event]] = {}

    async def answer(self, poll: Poll, receive: Receive, send: Send) -> None:
        """Send what a poll gets: at once, when a message comes, or nothing when its time is over.

        Asks moto and sends without a turn of the loop between, and asks only if the client is
        still there, so that no message is handed to nobody.
        """
        until = time.monotonic() + poll.seconds
        look = asyncio.Event()
        # The body is read whole: what comes now is that the client has gone.
        gone = asyncio.ensure_future(receive())
        gone.add_done_callback(lambda _: look.set())
        waiting = self._waiting.setdefault(poll.queue, [])
        waiting.append(look)
        try:
            while True:
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                if gone.done():
                    return
                answer = self._ask(poll.request)
                left = until - time.monotonic()
                if left <= 0 or not _is_empty(answer):
                    await send_answer(send, answer)
                    return
                look.clear()
                await _wait(look, min(left, _LOOK_SECONDS))
        finally:
            gone.cancel()
            waiting.remove(look)
            # There may be more than this one took, or it left without taking what woke it.
            self._wake(poll.queue)

    def hear(self, request: Request) -> None:
        """Wake the first that waits on a queue where a request may have left a message."""
        if self._waiting and request.target in HAPPENINGS:
            self._wake(_queue_of(_asked(request)))

    def _wake(self, queue: str) -> None:
        waiting = self._waiting.get(queue)
        if waiting:
            waiting[0].set()
        else:
            self._waiting.pop(queue, None)


def _is_empty(answer: Answer) -> bool:
    status, _, body = answer
    return status == 200 and b'"Messages"' not in body


async def _wait(event: asyncio.Event, seconds: float) -> None:
    timer = asyncio.get_running_loop().call_later(seconds, event.set)
    try:
        await event.wait()
    finally:
        timer.cancel()
