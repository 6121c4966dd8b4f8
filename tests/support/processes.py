"""Processes for the tests: start, wait for, find and end them."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import IO, Any

import requests

from local import stage

#: Seconds after which a wait counts as failed. The computer may be busy.
DEADLINE = 60.0


def until(true: Callable[[], object], seconds: float = DEADLINE) -> bool:
    """Wait until `true` gives something true; tell whether it did in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def free_port() -> int:
    """Give a free port for the API, whose port for the local cloud is free as well."""
    while True:
        with socket.socket() as api, socket.socket() as cloud:
            api.bind(("127.0.0.1", 0))
            port: int = api.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                cloud.bind(("127.0.0.1", port + 10_000 if port <= 55_535 else port - 10_000))
                return port


def answers(url: str) -> bool:
    """Tell whether a GET of that URL succeeds."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


@contextlib.contextmanager
def process(
    *command: str, log: IO[Any] | int = subprocess.PIPE, **environ: Any
) -> Iterator[subprocess.Popen[str]]:
    """Run a command in the project's root, in a session of its own, while the context lasts.

    Its output goes to `log`, or can be read from its pipes.
    """
    started = subprocess.Popen(
        command,
        cwd=stage.PROJECT,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGTERM)
        try:
            started.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.communicate()


def alive(text: str) -> list[int]:
    """Give the processes whose command line contains that text."""
    found = subprocess.run(["pgrep", "-f", "--", text], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def members(session: int) -> list[int]:
    """Give the processes of a session that are alive."""
    found = subprocess.run(
        ["pgrep", "--session", str(session)], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in found.stdout.split()]
