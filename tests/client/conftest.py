"""Fixtures: a fake service, and the command."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hoststat import profiles
from hoststat.profiles import Kept, Profile
from local import stage
from tests.support import fake_server, terminals
from tests.support.fake_service import LOGIN, Fake
from tests.support.processes import DEADLINE, until
from tests.support.terminals import Terminal


class Said(NamedTuple):
    """How a command has ended."""

    code: int
    out: str
    err: str


class Command:
    """The command, with profiles of its own in `folder`, and asked for the service at `url`."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        own = {name: it for name, it in os.environ.items() if not name.startswith("HOSTSTAT_")}
        self.environ = own | {"XDG_CONFIG_HOME": str(folder), "HOME": str(folder), "TERM": "xterm"}
        self.environ["PYTHONPATH"] = str(stage.PROJECT)
        # Where bytecode is not kept, each start compiles the command anew.
        self.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        if url:
            self.log_in(url)

    @property
    def file(self) -> Path:
        """The file of the profiles."""
        return self.folder / "hoststat" / "profiles.toml"

    def log_in(self, url: str, login: tuple[str, str] = LOGIN) -> None:
        profiles.save(self.file, Kept({"default": Profile(url, *login)}, "default"))

    def start(self, *words: str, **more: Any) -> "subprocess.Popen[str]":
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "-m", "hoststat", *words],
            cwd=self.folder,
            env=self.environ,
            text=True,
            **{**pipes, "stdin": subprocess.DEVNULL, **more},
        )

    def __call__(self, *words: str, given: str = "", **environ: str) -> Said:
        """Run the command to its end; `given` is what it can read."""
        done = subprocess.run(
            [sys.executable, "-m", "hoststat", *words],
            cwd=self.folder,
            env=self.environ | environ,
            input=given,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)


@contextlib.contextmanager
def at_terminal(hoststat: Command, *words: str, **environ: str) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "hoststat", *words]
    given = {it: value for it, value in hoststat.environ.items() if it != "NO_COLOR"} | environ
    with terminals.running(command, given, hoststat.folder) as terminal:
        yield terminal


def begun(fake: Fake) -> None:
    assert until(lambda: fake.tasks or fake.groups)


@pytest.fixture
def fake() -> Fake:
    """A fake service with two hosts that are online, and one that is not."""
    own = Fake()
    own.hosts = {"web-1": True, "web-2": True, "web-3": False}
    return own


@pytest.fixture
def url(fake: Fake) -> Iterator[str]:
    """The URL of the fake service."""
    with fake_server.serving(fake) as served:
        yield served


@pytest.fixture
def hoststat(tmp_path: Path, url: str) -> Command:
    """The command, logged in to the fake service."""
    return Command(tmp_path, url)


@pytest.fixture
def stranger(tmp_path: Path) -> Command:
    """The command without any profile."""
    return Command(tmp_path)
