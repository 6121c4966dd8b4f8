"""A child that ends with its parent, however that ends: it reads a pipe that only the parent
holds the other end of.
"""

import os
import signal
import sys
import threading

FLAG = "--lifeline"


def hold() -> None:
    """Ask this process to end when its standard input does, if it was started so."""
    if FLAG in sys.argv:
        threading.Thread(target=_watch, name="lifeline", daemon=True).start()


def _watch() -> None:
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)
