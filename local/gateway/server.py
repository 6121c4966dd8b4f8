"""The server of the API: how it begins, ends, and tells of its faults."""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

from chalice import Chalice
from chalice.config import Config
from chalice.local import LocalChalice

from local import asgi
from local.gateway.application import Application
from local.gateway.connection import Connection
from local.gateway.events import Gateway

#: Connections that may wait until they are accepted.
_BACKLOG = 1024
#: Clients that a turn of the loop accepts at most.
_ACCEPTED_IN_A_TURN = 16
#: Seconds that answers have from SIGTERM on. What is held longer is 503 then.
_LAST_ANSWERS_SECONDS = 0.5
#: Seconds after which the end no longer waits for clients that do not take their answers.
_END_SECONDS = 1
#: The most descriptors that are kept for what calls open, if so many may be had.
_FOR_CALLS = 2000


class Server(asgi.Server):
    """Serves until `should_exit` is set."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen. Raises OSError where another process listens there already."""
        # In a turn of its loop uvloop accepts one client for each descriptor. While 500 clients
        # are served a turn is long, and new ones waited for up to nine seconds.
        again = [it.dup() for it in sockets or [] for _ in range(1, _ACCEPTED_IN_A_TURN)]
        await super().startup([*(sockets or []), *again])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, without waiting for answers that are held."""
        asyncio.get_running_loop().call_later(_LAST_ANSWERS_SECONDS, self._refuse_the_rest)
        await super().shutdown(sockets)

    def _refuse_the_rest(self) -> None:
        for task in self.server_state.tasks:
            task.cancel()


def of_app(app: Chalice, config: Config, descriptors: int) -> Server:
    """Give the server of an app in a process that may have so many descriptors.

    The app is given a current request for each thread.
    """
    app.__class__ = LocalChalice
    return of_asgi(Application(Gateway(app, config).answer), descriptors)


def of_asgi(application: Callable[..., Any], descriptors: int) -> Server:
    """Give the server of an ASGI application."""
    return Server(
        asgi.config(
            application,
            http=Connection,
            backlog=_BACKLOG,
            # Whoever asks learns the name, and no version.
            headers=[("server", "hoststat")],
            # Beyond this, `Connection` refuses. What finds no descriptor at all is only closed.
            limit_concurrency=descriptors - min(descriptors // 2, _FOR_CALLS) - _ACCEPTED_IN_A_TURN,
            timeout_graceful_shutdown=_END_SECONDS,
        )
    )


def log_faults() -> None:
    """Let the faults that uvicorn and the loop find go where our own events go."""
    for name in ("uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers = logging.getLogger("hoststat").handlers
        logger.propagate = False
        logger.setLevel(logging.ERROR)
