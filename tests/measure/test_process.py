"""A command as a process: its end, however the system tells it, and its descriptors."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chalicelib.measure.process import Process, is_ready
from local import stage

LONG = 60
SHELL = "/bin/sh"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc counts the descriptors")


def begin(script: str, *, complains: bool = False) -> Process:
    return Process([SHELL, "-c", script], {"PATH": os.defpath}, complains=complains)


def soon() -> float:
    return time.monotonic() + LONG


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture(params=["a descriptor of the process", "looks"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system tell of an end, or not, as macOS and Linux before 5.3."""
    if request.param == "looks":
        monkeypatch.delattr(os, "pidfd_open", raising=False)


@pytest.mark.parametrize(
    ("script", "status"), [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", -signal.SIGKILL)]
)
@pytest.mark.usefixtures("way")
def test_its_status_is_given_once_it_has_ended(script: str, status: int) -> None:
    with begin(script) as process:
        assert process.wait(soon()) == process.wait(soon()) == status


@pytest.mark.usefixtures("way")
def test_while_it_runs_there_is_no_status() -> None:
    with begin(f"exec sleep {LONG}") as process:
        assert process.wait(time.monotonic() - 1) is None
        assert process.wait(time.monotonic() + 0.05) is None
        process.kill()
        assert process.wait(soon()) == -signal.SIGKILL
        # Its number may be another process's by now.
        process.kill()


@pytest.mark.usefixtures("way")
def test_where_sigchld_is_ignored_an_end_is_seen_all_the_same() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with begin("exit 3") as process:
            assert process.wait(soon()) == 0
    finally:
        signal.signal(signal.SIGCHLD, before)


@on_linux
def test_what_it_says_is_read_or_dropped() -> None:
    before = descriptors()
    script = "echo out; echo wrong >&2"
    with begin(script, complains=True) as process:
        assert process.stderr is not None
        assert is_ready(process.stderr, soon())
        assert os.read(process.stderr, 100) == b"wrong\n"
        assert os.read(process.stdout, 100) == b"out\n"
    with begin(script) as process:
        assert process.stderr is None
        assert os.read(process.stdout, 100) == b"out\n"
    assert descriptors() <= before


@on_linux
def test_one_that_cannot_be_started_leaves_no_descriptor(tmp_path: Path) -> None:
    before = descriptors()
    with pytest.raises(FileNotFoundError):
        Process([str(tmp_path / "nothing")], {}, complains=True)
    assert descriptors() <= before


#: A script in Python that starts a process where no descriptor is left for its second pipe.
_WITHOUT_DESCRIPTORS = """\
import os, resource
from chalicelib.measure.process import Process
before = os.listdir("/proc/self/fd")
resource.setrlimit(resource.RLIMIT_NOFILE, (len(before) + 1, len(before) + 1))
try:
    Process(["/bin/sh"], {}, complains=True)
except OSError as exc:
    print(exc.errno)
print(len(os.listdir("/proc/self/fd")) == len(before))
"""


@on_linux
def test_without_descriptors_it_is_an_error_that_costs_none() -> None:
    run = [sys.executable, "-c", _WITHOUT_DESCRIPTORS]
    said = subprocess.run(run, cwd=stage.PROJECT, capture_output=True, text=True, check=True).stdout
    assert said == f"{errno.EMFILE}\nTrue\n"


#: A script in Python that reads what a process says where this one has a few descriptors only.
_WITH_FEW = """\
import os, sys, time
from chalicelib.measure.process import Process
said = os.dup(1)
for number in map(int, sys.argv[1]):
    os.close(number)
with Process(["/bin/sh", "-c", "read it; echo out$it; echo no >&2"], {}, complains=False) as own:
    os.write(said, os.read(own.stdout, 100))
    own.wait(time.monotonic() + 60)
"""


@pytest.mark.parametrize("closed", ["0", "1", "2", "01", "02", "12", "012"])
def test_it_is_read_where_the_first_descriptors_are_closed(closed: str) -> None:
    run = [sys.executable, "-c", _WITH_FEW, closed]
    said = subprocess.run(run, cwd=stage.PROJECT, capture_output=True, text=True, check=True).stdout
    assert said == "out\n"


def test_sigpipe_ends_it_although_python_ignores_that() -> None:
    with begin("kill -PIPE $$; exit 3") as process:
        assert process.wait(soon()) == -signal.SIGPIPE
