"""The processes of a stack: their start, their end, and their use of memory and processor."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from local.stage import LOOPBACK

#: Seconds that a process may take to answer on its port, and to end.
_START_SECONDS, _END_SECONDS = 60, 15
_LOOK_SECONDS = 0.05
#: What /proc says of a process that has ended before, or while it is read.
_ENDED = (FileNotFoundError, ProcessLookupError)


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], folder: Path, *, port: int | None = None
) -> Iterator[int]:
    """Run a process, and what it starts, while the context lasts; give its id.

    If there is a `port`, the context begins when the process answers on it. Its output goes to a
    log in `folder`. Raises RuntimeError if it ends or does not answer in time.
    """
    log = folder / f"{Path(command[0]).name}-{time.monotonic_ns()}.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            if port:
                _wait_for(process, port, log)
            yield process.pid
        finally:
            _end(process)


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not begin:\n{log.read_text()[-2000:]}")
        time.sleep(_LOOK_SECONDS)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def family(pid: int) -> list[int]:
    """Give a process and all that it has started, as Linux's /proc says."""
    found = [pid]
    with contextlib.suppress(*_ENDED):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += family(int(child))
    return found


def names(pids: Sequence[int]) -> list[str]:
    """Give the names of the processes that are still there."""
    found = []
    for pid in pids:
        with contextlib.suppress(*_ENDED):
            found.append(Path(f"/proc/{pid}/comm").read_text().strip())
    return found


def command(pid: int) -> list[str]:
    """Give the command line of a process, or nothing if it has ended."""
    with contextlib.suppress(*_ENDED):
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return []


def memory(pids: Sequence[int]) -> float:
    """Give the MiB that processes take. Shared memory is divided by the processes that share it."""
    kib = 0
    for pid in pids:
        with contextlib.suppress(*_ENDED):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            kib += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib / 1024


def seconds(pid: int) -> float:
    """Give the seconds of a processor that a process has taken so far."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # These are utime and stime, as proc(5) says.
    ticks = int(after_name[11]) + int(after_name[12])
    return ticks / os.sysconf("SC_CLK_TCK")
