"""uvicorn, as both servers of a laptop use it."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

#: Seconds that a connection may be idle: more than any client keeps one.
_IDLE_SECONDS = 75


class Server(uvicorn.Server):
    """uvicorn, whose process hears signals in its own way."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen. Raises OSError where another process listens there already."""
        # uvloop would say nothing of it.
        for it in sockets or []:
            it.listen(self.config.backlog)
        await super().startup(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process: Ctrl-C of the terminal is not for this one."""
        yield


def config(application: Callable[..., Any], **own: Any) -> uvicorn.Config:
    """Give the settings of a server: those of both, and those of its own."""
    return uvicorn.Config(
        application,
        loop="uvloop",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        **own,
    )
