"""Ends this process when the process that started it is gone, or was told to end."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

#: The option by which a child of the service is told to watch its standard input.
LIFELINE = "--lifeline"

#: Signals that end a program and that its terminal or a supervisor may send.
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
#: Seconds between two looks at the parent.
_LOOK_SECONDS = 0.25


def end_with_parent() -> None:
    """End with the launcher, however that ends, if this process was started as its child.

    Only the launcher has the other end of this process's standard input.
    """
    if LIFELINE in sys.argv:
        threading.Thread(target=_await_end_of_input, name="lifeline", daemon=True).start()


def end_with_make() -> None:
    """End when the parent is gone, or when it is a make that was told to end.

    On SIGINT, SIGHUP and SIGQUIT, GNU make only waits for what it has started: it counts on the
    terminal to send the signal to everybody. A supervisor sends it to make alone.
    """
    threading.Thread(target=_watch_parent, args=[os.getppid()], daemon=True).start()


def _await_end_of_input() -> None:
    os.read(sys.stdin.fileno(), 1)
    _end()


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent and not _was_told_to_end(parent):
        time.sleep(_LOOK_SECONDS)
    _end()


def _was_told_to_end(make: int) -> bool:
    """Tell whether a process is a make that one of the ending signals has come to.

    make has a handler for each of them that it does not ignore, and takes it away when the signal
    comes: also before anybody watches. From Linux's proc(5).
    """
    try:
        if (Path("/proc") / str(make) / "comm").read_text().strip() not in ("make", "gmake"):
            return False
        status = (Path("/proc") / str(make) / "status").read_text()
    except OSError:
        # Another system than Linux, or the parent is gone: the caller sees that by itself.
        return False
    masks = dict(line.split(":", 1) for line in status.splitlines())
    caught, ignored = _ending(masks["SigCgt"]), _ending(masks["SigIgn"])
    # A program that catches none of them is not a make as we know it.
    return bool(caught) and caught | ignored != {*ENDING}


def _ending(mask: str) -> set[signal.Signals]:
    """Give the ending signals in a mask of proc(5), which is hexadecimal."""
    return {number for number in ENDING if int(mask, 16) >> (number - 1) & 1}


def _end() -> None:
    """Send SIGTERM to the main thread, which is woken by it whatever it waits for."""
    main = threading.main_thread().ident
    if main is not None:
        signal.pthread_kill(main, signal.SIGTERM)
