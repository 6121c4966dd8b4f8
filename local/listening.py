"""Where a laptop's servers listen: a port of the loopback interface, by its own names."""

import errno
import re
import socket

from local import stage

_OWN_NAME = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE | re.ASCII)


class Refused(Exception):
    """A port cannot be had; the message says why, and what to do."""


def bind(port: int, name: str) -> socket.socket:
    """Take a port for `name`, and do not listen yet; 0 takes any. Raises Refused, OSError."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        # Where the interface is down a port can be taken, but nobody reaches it. No packet is sent.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
            route.connect((stage.LOOPBACK, port or 1))
        taken.bind((stage.LOOPBACK, port))
    except OSError as exc:
        taken.close()
        raise Refused(why(exc, port, name)) from exc
    return taken


def why(exc: OSError, port: int, name: str) -> str:
    """Give the sentence for an error of taking a port for `name`."""
    which = f"Port {port}, for the {name},"
    if exc.errno == errno.EADDRINUSE:
        return f"{which} is taken; choose another PORT."
    if exc.errno in (errno.EADDRNOTAVAIL, errno.ENETUNREACH):
        return (
            f"This machine cannot reach itself at {stage.LOOPBACK}; switch its loopback interface "
            "on, with IPv4."
        )
    if exc.errno in (errno.EACCES, errno.EPERM):
        return f"{which} is not for you; choose a PORT from 1024 on."
    return f"{which} cannot be had: {exc.strerror}."


def answers(port: int) -> bool:
    """Tell whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex((stage.LOOPBACK, port)) == 0


def is_own_name(host: str) -> bool:
    """Say whether a header Host names this machine as only its own programs do.

    A web page of somebody else can have its own name lead to this machine.
    """
    return _OWN_NAME.fullmatch(host) is not None
