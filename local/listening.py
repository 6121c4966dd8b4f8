"""Where a laptop's servers listen: a port of the loopback interface, by its own names."""

import re
import socket

from local import stage

_OWN_NAME = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE | re.ASCII)


def bind(port: int) -> socket.socket:
    """Take a port, and do not listen yet; 0 takes any. Raises OSError."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((stage.LOOPBACK, port))
    except OSError:
        taken.close()
        raise
    return taken


def is_own_name(host: str) -> bool:
    """Say whether a header Host names this machine as only its own programs do.

    A web page of somebody else can have its own name lead to this machine.
    """
    return _OWN_NAME.fullmatch(host) is not None
