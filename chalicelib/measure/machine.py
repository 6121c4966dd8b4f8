"""The host that is measured: its uptime, and windows of its iostat, one report at a time."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib import errors
from chalicelib.measure import procfs, uptimes
from chalicelib.measure import splitter as reports
from chalicelib.measure.model import Window

if TYPE_CHECKING:
    from chalicelib.tasks.ports import Feed

# `commands` is imported where there is one to run: Lambda has none, and starts without it.


class ThisMachine:
    """This machine, measured by its own commands, or by /proc on a Linux without them."""

    def __init__(self, path: str, *, root: Path = Path("/"), platform: str = sys.platform) -> None:
        """`path` is where commands are looked for, `root` where /proc, /sys and /run are."""
        self._path, self._root, self._darwin = path, root, platform == "darwin"
        self.name = os.uname().nodename

    @property
    def source(self) -> str:
        """What measures a window: "iostat", or "procfs" where there is none."""
        return "iostat" if self._which("iostat") else "procfs"

    def uptime(self) -> str:
        """What ``uptime`` prints, stripped. Raises MachineFailed."""
        command = self._which("uptime")
        if command is None:
            return self._uptime_procfs()
        from chalicelib.measure import commands

        return commands.uptime(command, self._env())

    def uptime_numbers(self) -> dict[str, object]:
        """The same line as "uptime", with its numbers and the "host". Raises MachineFailed."""
        text = self.uptime()
        try:
            precise = float((self._root / "proc" / "uptime").read_text().split()[0])
        except OSError:
            # macOS has none: its line must do.
            return {"uptime": text, **uptimes.numbers(text, None), "host": self.name}
        return {"uptime": text, **uptimes.numbers(text, precise), "host": self.name}

    def _uptime_procfs(self) -> str:
        try:
            return procfs.uptime(self._root, time.localtime())
        except OSError as exc:
            raise errors.MachineFailed(f"uptime cannot be had: {exc}") from exc

    def open(self, window: Window, *, first: int = 0, patience: float = 30) -> "Feed":
        """Start the reports of `window` from index `first` on.

        `first` above 0 continues an earlier run: its first report covers the interval from now
        on. `patience` is how many seconds longer than `wait` a report may take.
        Raises MachineFailed where nothing can measure.
        """
        command = self._which("iostat")
        if command is None:
            return self._open_procfs(window, first)
        from chalicelib.measure import commands

        left, silence = window.count - first, window.wait + patience
        # One that has nothing to wait for is gone sooner than it would be tethered.
        waits = first > 0 or left > 1
        argv = [*(self._tether() if waits else []), command, *self._arguments(window, first)]
        splitter = reports.Splitter(first=first, darwin=self._darwin)
        return commands.Iostat(argv, self._env(), splitter, left, silence)

    def _open_procfs(self, window: Window, first: int) -> "Feed":
        if not (self._root / "proc" / "diskstats").exists():
            raise errors.MachineFailed("This host has neither an iostat nor a /proc/diskstats.")
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
        # shutil.which does the same, and takes as long to import as all of this.
        found = (os.path.join(folder, command) for folder in self._path.split(os.pathsep))
        return next((it for it in found if os.path.isfile(it) and os.access(it, os.X_OK)), None)

    def _env(self) -> dict[str, str]:
        # Nothing else: the output depends on it, and our credentials are nobody's business.
        return {"LC_ALL": "C", "S_TIME_FORMAT": "ISO", "PATH": self._path}
