"""What make has started ends with make, whatever ends make, and to whomever the signal is sent."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import stage
from tests.support import processes

#: Whether the tests were started by a shell's `&`, below which nobody hears SIGQUIT.
QUIET = signal.getsignal(signal.SIGQUIT) is signal.SIG_IGN
#: A program that tells when it is watched, and then sleeps.
PROGRAM = """\
import time
from local import supervision
supervision.end_with_make()
print("watched", flush=True)
time.sleep(600)
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A make in a session of its own that has started the program."""
    (tmp_path / "program.py").write_text(PROGRAM)
    program = tmp_path / "program.py"
    (tmp_path / "Makefile").write_text(f"all:\n\t@exec {sys.executable} {program}\n")
    # The tests may have been started by a make themselves, which tells those below it so.
    environ = {
        name: it for name, it in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    started = subprocess.Popen(
        ["make", "--file", str(tmp_path / "Makefile")],
        env={**environ, "PYTHONPATH": str(stage.PROJECT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert started.stdout
    assert started.stdout.readline() == "watched\n"
    yield started
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.stdout.close()
    started.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows what make has caught")
@pytest.mark.parametrize(
    "name",
    [
        "SIGHUP",
        "SIGINT",
        pytest.param("SIGQUIT", marks=pytest.mark.skipif(QUIET, reason="SIGQUIT is ignored here")),
        "SIGTERM",
        "SIGKILL",
    ],
)
def test_a_signal_to_make_alone_ends_what_it_has_started(
    make: "subprocess.Popen[str]", name: str
) -> None:
    make.send_signal(signal.Signals[name])
    assert processes.until(lambda: make.poll() is not None)
    assert processes.until(lambda: not processes.members(make.pid))
