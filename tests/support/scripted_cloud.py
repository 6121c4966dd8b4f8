"""A cloud that answers each request as a test says, byte by byte."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from local import listening, stage
from tests.support import processes

#: What is done with one request.
Reply = Callable[[socket.socket], object]


class Cloud:
    """Takes connections one after the other. It plays the replies of each, and closes it."""

    def __init__(self, *connections: list[Reply]) -> None:
        self._connections = list(connections)
        self.requests: list[bytes] = []
        #: How many connections it has closed.
        self.closed = 0

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Serve while the context lasts; give the address."""
        with listening.bind(0, "cloud") as listener:
            listener.listen()
            thread = threading.Thread(target=self._serve, args=[listener])
            thread.start()
            yield f"http://{stage.LOOPBACK}:{listener.getsockname()[1]}/"
            thread.join(processes.DEADLINE)

    def _serve(self, listener: socket.socket) -> None:
        for replies in self._connections:
            with listener.accept()[0] as connection:
                for reply in replies:
                    request = _request(connection)
                    if request is None:
                        break
                    self.requests.append(request)
                    reply(connection)
            self.closed += 1


def _request(connection: socket.socket) -> bytes | None:
    """Read a request, or give None if the client closes the connection instead.

    Those of these tests have bodies that end with ``}``.
    """
    read = b""
    while not read.endswith(b"}"):
        came = connection.recv(65_536)
        if not came:
            return None
        read += came
    return read


def says(*parts: bytes) -> Reply:
    def reply(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return reply
