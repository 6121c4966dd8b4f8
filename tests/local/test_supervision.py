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
only_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux shows what make has caught"
)
#: A program that begins to watch make when there is a file "go" beside it, and then sleeps.
PROGRAM = """\
import time
from pathlib import Path
from local import supervision
print("began", flush=True)
while not Path(__file__).with_name("go").exists():
    time.sleep(0.01)
supervision.end_with_make()
print("watches", flush=True)
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
    assert started.stdout.readline() == "began\n"
    yield started
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.stdout.close()
    started.wait()


def every_signal(*others: str) -> pytest.MarkDecorator:
    quit_too = pytest.mark.skipif(QUIET, reason="SIGQUIT is ignored here")
    names = ["SIGHUP", "SIGINT", pytest.param("SIGQUIT", marks=quit_too), "SIGTERM", *others]
    return pytest.mark.parametrize("name", names)


def ends(make: "subprocess.Popen[str]") -> bool:
    """Tell whether make ends, and then all that it has started."""
    over = processes.until(lambda: make.poll() is not None)
    return over and processes.until(lambda: not processes.members(make.pid))


@only_linux
@every_signal("SIGKILL")
def test_a_signal_to_make_alone_ends_what_it_has_started(
    make: "subprocess.Popen[str]", name: str, tmp_path: Path
) -> None:
    (tmp_path / "go").touch()
    assert make.stdout
    assert make.stdout.readline() == "watches\n"
    make.send_signal(signal.Signals[name])
    assert ends(make)


@only_linux
@every_signal()
def test_a_signal_that_make_got_before_anybody_watched_counts(
    make: "subprocess.Popen[str]", name: str, tmp_path: Path
) -> None:
    make.send_signal(signal.Signals[name])
    (tmp_path / "go").touch()
    assert ends(make)
