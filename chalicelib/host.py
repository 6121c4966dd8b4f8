"""The host that is measured: its uptime, and windows of its iostat, one report at a time."""

import contextlib
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from chalicelib import errors, ports, procfs, reports
from chalicelib.windows import Window

#: Bytes of stderr that are quoted when iostat refuses.
_STDERR_BYTES = 500
#: Seconds that ``uptime`` may take, and iostat to exit after its last report.
_COMMAND_SECONDS, _EXIT_SECONDS = 5, 1


class Host:
    """This machine, measured by its own commands, or by /proc on a Linux without them."""

    def __init__(self, path: str, *, root: Path = Path("/"), platform: str = sys.platform) -> None:
        """`path` is where commands are looked for, `root` where /proc, /sys and /run are."""
        self._path, self._root, self._darwin = path, root, platform == "darwin"
        self.name = socket.gethostname()

    @property
    def source(self) -> str:
        """What measures a window: "iostat", or "procfs" where there is none."""
        return "iostat" if self._which("iostat") else "procfs"

    def uptime(self) -> str:
        """What ``uptime`` prints, stripped. Raises HostFailed."""
        command = self._which("uptime")
        try:
            if command is None:
                return procfs.uptime(self._root, time.localtime())
            done = subprocess.run(
                [command],
                env=self._env(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
                timeout=_COMMAND_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as exc:
            raise errors.HostFailed(f"uptime cannot be had: {exc}") from exc
        return done.stdout.decode("utf-8", "backslashreplace").strip()

    def open(self, window: Window, *, first: int = 0, patience: float = 30) -> ports.Feed:
        """Start the reports of `window` from index `first` on.

        `first` above 0 continues an earlier run: its first report covers the interval from now
        on. `patience` is how many seconds longer than `wait` a report may take.
        Raises HostFailed where nothing can measure.
        """
        command = self._which("iostat")
        if command is None:
            return self._open_procfs(window, first)
        argv = [*self._tether(), command, *self._arguments(window, first)]
        splitter = reports.Splitter(first=first, darwin=self._darwin)
        return _Iostat(argv, self._env(), splitter, window.count - first, window.wait + patience)

    def _open_procfs(self, window: Window, first: int) -> ports.Feed:
        if not (self._root / "proc" / "diskstats").exists():
            raise errors.HostFailed("This host has neither an iostat nor a /proc/diskstats.")
        return procfs.Feed(self._root, window, first)

    def _arguments(self, window: Window, first: int) -> list[str]:
        left = window.count - first
        if self._darwin:
            # No -y there: one report more, and the splitter drops it.
            return ["-d", "-c", str(left + (first > 0)), "-w", str(window.wait)]
        return ["-d", *(["-y"] if first else []), str(window.wait), str(left)]

    def _tether(self) -> list[str]:
        """What makes the kernel end iostat with the thread that started it, where it can."""
        setpriv = self._which("setpriv")
        return [setpriv, "--pdeathsig", "KILL"] if setpriv else []

    def _which(self, command: str) -> str | None:
        return shutil.which(command, path=self._path)

    def _env(self) -> dict[str, str]:
        # Nothing else: the output depends on it, and our credentials are nobody's business.
        return {"LC_ALL": "C", "S_TIME_FORMAT": "ISO", "PATH": self._path}


def _selector() -> selectors.BaseSelector:
    try:
        return selectors.DefaultSelector()
    except OSError as exc:
        raise errors.of_host("iostat cannot be read", exc) from exc


class _Iostat:
    """A running iostat; see `ports.Feed`."""

    def __init__(
        self,
        argv: list[str],
        env: dict[str, str],
        splitter: reports.Splitter,
        expected: int,
        silence: float,
    ) -> None:
        self._splitter, self._expected, self._silence = splitter, expected, silence
        self._stopped = False
        self._complaint = b""
        try:
            self._process = subprocess.Popen(
                argv,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as exc:
            raise errors.of_host("iostat cannot be started", exc) from exc

    def __iter__(self) -> Iterator[str]:
        seen = 0
        last = None
        for chunk in self._chunks():
            for text in self._splitter.feed(chunk):
                if self._stopped:
                    return
                seen += 1
                if seen < self._expected:
                    yield text
                    self._deadline = time.monotonic() + self._silence
                elif last is None:
                    last = text
                    self._deadline = time.monotonic() + _EXIT_SECONDS
        if last is not None:
            yield last + self._splitter.tail()
        elif not self._stopped:
            self._explain()

    def _chunks(self) -> Iterator[bytes]:
        """What iostat writes, until it closes its output or keeps silent for too long."""
        assert self._process.stdout
        assert self._process.stderr
        self._deadline = time.monotonic() + self._silence
        with _selector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            selector.register(self._process.stderr, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(max(self._deadline - time.monotonic(), 0)):
                    data = os.read(key.fd, 65_536)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self._process.stdout:
                        yield data
                    else:
                        self._complaint = (self._complaint + data)[:_STDERR_BYTES]
                if time.monotonic() >= self._deadline:
                    return

    def _explain(self) -> None:
        """Raise what is wrong with an iostat that ended, or was silent, before its time."""
        try:
            # It may have closed its output and live on.
            status = self._process.wait(max(self._deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired as late:
            raise errors.HostFailed(f"iostat wrote no report for {self._silence:g} s.") from late
        if status > 0:
            said = self._complaint.decode("utf-8", "backslashreplace").strip()
            raise errors.HostFailed(f"iostat ended with status {status}: {said or 'no word'}")
        # SIGINT makes it exit with 0 and fewer reports, other signals show.
        raise errors.Killed

    def stop(self) -> None:
        """End iostat now, from any thread; the reports that are out are all there will be."""
        self._stopped = True
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe
            pipe.close()
