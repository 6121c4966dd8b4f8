"""A network that cuts connections."""

import contextlib
import socket
import threading
from collections.abc import Iterator

#: Seconds that a service may take for an answer that it holds.
_PATIENCE = 30


@contextlib.contextmanager
def proxy(url: str) -> Iterator[str]:
    """Stand before a service, and cut every third connection in the middle of its answer.

    A connection has one request alone, so that every third request is cut. While nobody listens
    at `url`, each connection is closed without an answer.
    """
    port = int(url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=[listener, port], daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        # This ends the thread's accept, which a close alone would not.
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, port: int) -> None:
    number = 0
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        number += 1
        relay = threading.Thread(target=_relay, args=[client, port, number % 3 == 0], daemon=True)
        relay.start()


def _relay(client: socket.socket, port: int, cut: bool) -> None:
    with contextlib.suppress(OSError), client:
        client.settimeout(_PATIENCE)
        with socket.create_connection(("127.0.0.1", port), _PATIENCE) as server:
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += client.recv(65_536)
            server.sendall(asked.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            answer = b""
            while more := server.recv(65_536):
                answer += more
            client.sendall(answer[: len(answer) // 2] if cut else answer)
