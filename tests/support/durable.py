"""``DATA=dir make service``: a service that can be killed, all of it, and started again."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from local import stage
from tests.support import processes

ADMIN = ("root", "secret of root")


class Service:
    """A durable service that can be killed, all of it, and started again."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.port, self.folder, self._environ = processes.free_port(), folder, environ
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, admin: str = "") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local.launch"],
            cwd=stage.PROJECT,
            env={
                **os.environ,
                "PORT": str(self.port),
                "DATA": str(self.folder),
                "ADMIN": admin,
                "LEASE_SECONDS": "4",
                "HEARTBEAT_SECONDS": "1",
                "SWEEP_SECONDS": "1",
                **self._environ,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert processes.until(lambda: processes.answers(self.url))

    def kill(self) -> None:
        """Kill every process of the service at once."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        assert processes.until(lambda: not processes.members(self._pid))

    @property
    def _pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(processes.DEADLINE)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(method, self.url + path, timeout=30, **more)


@contextlib.contextmanager
def durable(folder: Path, **environ: str) -> Iterator[Service]:
    """Run such a service while the context lasts; `environ` is what else is set for it."""
    service = Service(folder, environ)
    service.start(admin=":".join(ADMIN))
    try:
        yield service
    finally:
        service.end()
