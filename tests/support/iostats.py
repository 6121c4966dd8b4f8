"""Iostats that do as they are told: small scripts, and what there is to wait for and compare."""

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
#: What an iostat of sysstat 12 writes for two reports, cut as `Feed` cuts it.
TWO = [HEADING + REPORT, "\n" + REPORT + "\n"]

#: A Python script that writes down what it was given.
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

#: A worker that measures a window on the PATH that it is given.
WORKER = """\
import sys
from chalicelib.measure.machine import ThisMachine
from chalicelib.windows import Window
with ThisMachine(sys.argv[1]).open(Window(2, 60)) as feed:
    list(feed)
"""


def needs(command: str) -> pytest.MarkDecorator:
    """Leave a test out where the command is missing; in CI it fails there instead."""
    missing = shutil.which(command) is None and os.environ.get("CI") != "true"
    return pytest.mark.skipif(
        sys.platform != "linux" or missing, reason=f"no {command} of Linux on this machine"
    )


def fake(folder: Path, script: str, *, by: str = "/bin/sh", name: str = "iostat") -> str:
    """Put an iostat into `folder`, and give a PATH on which it is the first one."""
    command = folder / name
    command.write_text(f"#!{by}\n{script}")
    command.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def say(text: str) -> str:
    """The line of a shell script that writes `text`."""
    return f"printf %s {shlex.quote(text)}\n"


#: The line of a shell script that writes its pid, for `pid` to read; `exec` keeps it.
TELL_PID = 'echo $$ > "${0%/*}/pid"\n'


def real(folder: Path) -> str:
    """The same for the iostat of this machine, which tells its pid first."""
    return fake(folder, f'{TELL_PID}exec {shutil.which("iostat")} "$@"')


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start the iostat of this machine with nobody between."""
    env = {"LC_ALL": "C", "S_TIME_FORMAT": "ISO", "PATH": os.environ["PATH"]}
    return subprocess.Popen(["iostat", *arguments], env=env, stdout=subprocess.PIPE, text=True)


def pid(folder: Path, name: str = "pid") -> int:
    """The process that an iostat in `folder` has written down."""
    file = folder / name
    eventually(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(file.read_text())


def gone(process: int) -> bool:
    """Whether a process has ended, though nobody may have reaped it yet."""
    try:
        os.kill(process, 0)
        stat = Path(f"/proc/{process}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.005)


def layout(text: str) -> str:
    """`text` with its columns of numbers masked, each in its width."""
    return re.sub(r" +[0-9]+(\.[0-9]+)?(?=\s)", lambda match: "#" * len(match[0]), text)
