"""How clients come in while the gateway serves others."""

import asyncio
import contextlib
import functools
import socket

import uvloop

from local import asgi, stage
from local.gateway import server

#: Clients that want to come in, all at once.
_CLIENTS = 100


class Accepted(asyncio.Protocol):
    """A connection that only says that it is there."""

    def __init__(self, there: list[object], **_: object) -> None:
        self._there = there

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._there.append(transport)


async def turns_until_all_are_in() -> int:
    """Give the turns of its loop in which a server accepts all clients."""
    there: list[object] = []
    config = asgi.config(_nothing, http=functools.partial(Accepted, there), backlog=_CLIENTS)
    gateway = server.Server(config)
    listener = socket.create_server((stage.LOOPBACK, 0))
    serving = asyncio.create_task(gateway.serve([listener]))
    while not gateway.started:
        assert not serving.done()
        await asyncio.sleep(0)
    turns = 0
    with contextlib.ExitStack() as clients:
        for _ in range(_CLIENTS):
            clients.enter_context(socket.create_connection(listener.getsockname()))
        while len(there) < _CLIENTS:
            turns += 1
            await asyncio.sleep(0)
        gateway.should_exit = True
        await serving
    return turns


async def _nothing(scope: object, receive: object, send: object) -> None:
    raise AssertionError("no client may ask")


def test_a_turn_of_the_loop_accepts_many_clients() -> None:
    assert uvloop.run(turns_until_all_are_in()) < _CLIENTS / 4
