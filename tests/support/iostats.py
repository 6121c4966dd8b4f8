"""Fake iostats, as small scripts, and helpers to start iostats, wait for them and compare them."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

HEADING = "Linux 6.1.0 (web-1) \t2026-01-02 \t_x86_64_\t(4 CPU)\n\n"
REPORT = """\
Device             tps    kB_read/s    kB_wrtn/s    kB_dscd/s    kB_read    kB_wrtn    kB_dscd
vda              32.47       755.50       794.04        73.61    1528381    1606344     148916

"""
#: The output of sysstat 12 for two reports, split as a `Feed` splits it.
TWO = [HEADING + REPORT, "\n" + REPORT + "\n"]

#: A script in Python that writes what it was started with to the file ``facts``.
SPY = """\
import json, os, pathlib, sys
facts = {
    "arguments": sys.argv[1:],
    "environment": dict(os.environ),
    "stdin is null": os.path.samestat(os.fstat(0), os.stat(os.devnull)),
    "own session": os.getsid(0) == os.getpid(),
}
pathlib.Path(__file__).with_name("facts").write_text(json.dumps(facts))
"""

#: A script in Python that measures a window with the iostat of the PATH in its argument.
WORKER = """\
import sys
from chalicelib.measure.machine import ThisMachine
from chalicelib.measure.model import Window
with ThisMachine(sys.argv[1]).open(Window(2, 60)) as feed:
    list(feed)
"""

#: A script in Python that measures two reports with an iostat that may be silent for as long as
#: its second argument says, and says so of each.
PATIENT_WORKER = """\
import sys
from chalicelib.measure.machine import ThisMachine
from chalicelib.measure.model import Window
with ThisMachine(sys.argv[1]).open(Window(2, 0), patience=float(sys.argv[2])) as feed:
    for text in feed:
        print("report", flush=True)
print("end")
"""


def needs(command: str) -> pytest.MarkDecorator:
    """Skip a test where a command of Linux is missing. In CI the test runs, and fails."""
    missing = shutil.which(command) is None and os.environ.get("CI") != "true"
    return pytest.mark.skipif(
        sys.platform != "linux" or missing, reason=f"no {command} of Linux on this machine"
    )


def fake(folder: Path, script: str, *, by: str = "/bin/sh", name: str = "iostat") -> str:
    """Write `script` as a command into `folder`, and give a PATH that finds it first."""
    command = folder / name
    command.write_text(f"#!{by}\n{script}")
    command.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def say(text: str) -> str:
    """Give the line of a shell script that prints `text`."""
    return f"printf %s {shlex.quote(text)}\n"


#: The line of a shell script that writes its process id to a file, for `pid` to read. After an
#: ``exec`` the process still has that id.
TELL_PID = 'echo $$ > "${0%/*}/pid"\n'


def real(folder: Path) -> str:
    """Do as `fake` does with the iostat of this machine, which writes its process id first."""
    return fake(folder, f'{TELL_PID}exec {shutil.which("iostat")} "$@"')


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start the iostat of this machine directly, without hoststat."""
    env = {"LC_ALL": "C", "S_TIME_FORMAT": "ISO", "PATH": os.environ["PATH"]}
    return subprocess.Popen(["iostat", *arguments], env=env, stdout=subprocess.PIPE, text=True)


def pid(folder: Path, name: str = "pid") -> int:
    """Give the process id that a script in `folder` has written."""
    file = folder / name
    eventually(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(file.read_text())


def gone(process: int) -> bool:
    """Tell whether a process has ended. A zombie has ended too."""
    try:
        os.kill(process, 0)
        stat = Path(f"/proc/{process}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until `condition` is true. Raises AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.005)


def layout(text: str) -> str:
    """Give `text` with ``#`` for every character of its columns of numbers."""
    return re.sub(r" +[0-9]+(\.[0-9]+)?(?=\s)", lambda match: "#" * len(match[0]), text)
