"""uvicorn, as both servers of a laptop use it."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

#: Clients that a turn of the loop accepts at most.
_ACCEPTED_IN_A_TURN = 16
#: Seconds that a connection may be idle: more than any client keeps one.
_IDLE_SECONDS = 75


class Server(uvicorn.Server):
    """uvicorn, whose process hears signals in its own way."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen. Raises OSError where another process listens there already."""
        listening = sockets or []
        # uvloop would say nothing of it.
        for it in listening:
            it.listen(self.config.backlog)
        # In a turn of the loop uvloop accepts one client of each socket. While 500 clients are
        # served a turn is long, and new ones waited for eight seconds.
        again = [it.dup() for it in listening for _ in range(1, _ACCEPTED_IN_A_TURN)]
        await super().startup([*listening, *again])

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
