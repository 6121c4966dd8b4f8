"""A real pseudo-terminal, with a command in it as a shell would run it."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.processes import DEADLINE

CTRL_C = b"\x03"


class Terminal:
    """A command in a terminal."""

    def __init__(self, master: int, process: "subprocess.Popen[bytes]") -> None:
        self._master, self.process = master, process
        self._closed = False
        #: All that the terminal was told so far.
        self.said = ""

    def close(self) -> None:
        """Close the terminal, as somebody closes a window."""
        if not self._closed:
            os.close(self._master)
            self._closed = True

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def resize(self, columns: int) -> None:
        """Make the window of the terminal so wide."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def until(self, text: str, times: int = 1) -> None:
        """Read until the command has said `text` so many times. Raises AssertionError."""
        deadline = time.monotonic() + DEADLINE
        while self.said.count(text) < times:
            assert time.monotonic() < deadline, f"no {text!r} in {self.said!r}"
            assert self._read(0.5), f"it ended without {text!r}: {self.said!r}"

    def end(self) -> int:
        """Read until the command ends; give its exit code, below 0 for a signal."""
        deadline = time.monotonic() + DEADLINE
        while self._read(0.5):
            assert time.monotonic() < deadline, self.said
        return self.process.wait(DEADLINE)

    def _read(self, seconds: float) -> bool:
        """Read what there is within `seconds`; tell whether the command may say more."""
        if not select.select([self._master], [], [], seconds)[0]:
            return self.process.poll() is None
        try:
            data = os.read(self._master, 65_536)
        except OSError:
            # Linux says so when nobody has the other end any more.
            return False
        self.said += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)


@contextlib.contextmanager
def running(
    command: list[str], environ: dict[str, str], folder: Path, *, out: int | None = None
) -> Iterator[Terminal]:
    """Run a command in a terminal while the context lasts.

    Its standard output goes to the descriptor `out` instead, if there is one.
    """
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdin=slave,
        stdout=slave if out is None else out,
        stderr=slave,
        start_new_session=True,
        # Ctrl-C reaches the processes whose terminal this is.
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    terminal = Terminal(master, process)
    try:
        yield terminal
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        terminal.close()
