"""The server of the API: how it begins, ends, and tells of its faults."""

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable
from typing import Any

from chalice import Chalice
from chalice.config import Config
from chalice.local import LocalChalice

from chalicelib import log
from local import asgi
from local.gateway.application import Application
from local.gateway.connection import Connection
from local.gateway.events import Gateway

#: Connections that may wait until they are accepted.
_BACKLOG = 1024
#: System errors that mean a shortage of descriptors or memory.
_SHORTAGES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
#: The least seconds between two lines of the log about them.
_TELL_SECONDS = 10
#: Seconds that answers have from SIGTERM on. What is held longer is 503 then.
_LAST_ANSWERS_SECONDS = 0.5
#: Seconds after which the end no longer waits for clients that do not take their answers.
_END_SECONDS = 1
#: The most descriptors that are kept for what calls open, if so many may be had.
_FOR_CALLS = 2000


class Server(asgi.Server):
    """Serves until `should_exit` is set."""

    #: When it was last told that no connection could be accepted.
    _told_at = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        asyncio.get_running_loop().set_exception_handler(self._log_fault)
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, without waiting for answers that are held."""
        asyncio.get_running_loop().call_later(_LAST_ANSWERS_SECONDS, self._refuse_the_rest)
        await super().shutdown(sockets)

    def _refuse_the_rest(self) -> None:
        for task in self.server_state.tasks:
            task.cancel()

    def _log_fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log what asyncio complains of.

        Without descriptors it tries to accept each connection that waits, and complains of each,
        once a second: one line is enough. It goes on so when the listener is closed.
        """
        fault = context.get("exception")
        if self.should_exit:
            return
        if not (isinstance(fault, OSError) and fault.errno in _SHORTAGES):
            loop.default_exception_handler(context)
        elif time.monotonic() > self._told_at + _TELL_SECONDS:
            self._told_at = time.monotonic()
            log.event("no connection accepted", level=logging.ERROR, why=str(fault))


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
            # Beyond this, `Connection` refuses; else accepting would fail, again and again.
            limit_concurrency=descriptors - min(descriptors // 2, _FOR_CALLS),
            timeout_graceful_shutdown=_END_SECONDS,
        )
    )


def log_faults() -> None:
    """Let the faults that uvicorn and asyncio find go where our own events go."""
    for name in ("uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers = logging.getLogger("hoststat").handlers
        logger.propagate = False
        logger.setLevel(logging.ERROR)
