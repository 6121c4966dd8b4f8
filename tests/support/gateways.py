"""The gateway's server in this process, on a port of its own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

from local import listening
from local.gateway.server import Server
from tests.support import processes


@contextlib.contextmanager
def serving(made: Server) -> Iterator[int]:
    """Run a server on a thread, and give its port."""
    with listening.bind(0, "gateway") as listener:
        port: int = listener.getsockname()[1]
        running = threading.Thread(target=lambda: asyncio.run(made.serve(sockets=[listener])))
        running.start()
        try:
            assert processes.until(lambda: made.started)
            yield port
        finally:
            made.should_exit = True
            running.join()


def all_of(port: int, sent: bytes) -> bytes:
    """What comes until the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(sent)
        return raw.makefile("rb").read()
