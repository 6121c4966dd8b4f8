"""The port of a server on the loopback interface."""

import socket

from local import stage


def bind(port: int) -> socket.socket:
    """Take a port, and do not listen yet; 0 takes any. Raises OSError."""
    # asyncio sends small packets at once only where the protocol is named. Otherwise the body of
    # an answer waits 40 ms for the client's word that it has the headers.
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((stage.LOOPBACK, port))
    except OSError:
        taken.close()
        raise
    return taken
