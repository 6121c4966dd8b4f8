"""uvicorn, as both servers of a laptop use it."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

#: Seconds that a connection may be idle: more than any client keeps one.
_IDLE_SECONDS = 75


class Server(uvicorn.Server):
    """uvicorn, whose process hears signals in its own way."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process: Ctrl-C of the terminal is not for this one."""
        yield


def config(application: Callable[..., Any], **own: Any) -> uvicorn.Config:
    """Give the settings of a server: those of both, and those of its own."""
    return uvicorn.Config(
        application,
        loop="asyncio",
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
