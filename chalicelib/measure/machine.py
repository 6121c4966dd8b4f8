"""The machine that this process runs on: its uptime, and its windows of iostat."""

import os
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

from chalicelib import errors
from chalicelib.clock import Clock, SystemClock
from chalicelib.measure import commands, numbers, procfs, splitter
from chalicelib.measure.model import Feed, Machine, Window

#: The name of a machine of Lambda, whose node name says nothing and is gone soon.
SANDBOX = "a sandbox of AWS Lambda"

#: Seconds that a report may be late before v1 gives up: API Gateway waits 29 s in all.
_PATIENCE_AT_ONCE = 3


class _Printed(NamedTuple):
    """A text of uptime, with the second since the epoch and the monotonic time it began at."""

    text: str
    second: int
    at: float


class ThisMachine:
    """This machine, measured by its own commands, or by /proc on a Linux that lacks them."""

    def __init__(
        self,
        path: str,
        *,
        root: Path = Path("/"),
        platform: str = sys.platform,
        name: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`path` says where commands are, as PATH does; `root` has /proc, /sys and /run in it.

        `name` is what answers call the machine, its node name if it is None; `clock` is the
        system's if it is None.
        """
        self._path, self._root, self._darwin = path, root, platform == "darwin"
        self.name = name or os.uname().nodename
        #: Where commands were found, by their names.
        self._found: dict[str, str] = {}
        self._clock = clock or SystemClock()
        #: What uptime printed last.
        self._printed: _Printed | None = None

    @property
    def source(self) -> str:
        """What measures a window: "iostat", or "procfs" if there is no iostat."""
        return "iostat" if self._which("iostat") else "procfs"

    def uptime(self) -> str:
        """Give what ``uptime`` prints, stripped. Raises MachineFailed.

        The text tells whole seconds, so what ``uptime`` has printed is good until the next second
        begins: anybody may ask, and each run is a process. Load averages and users may be as old.
        """
        command = self._which("uptime")
        if command is None:
            return self._uptime_procfs()
        second, at = int(self._clock.now()), self._clock.monotonic()
        printed = self._printed
        # A second comes again where somebody sets the clock back.
        if printed is None or printed.second != second or at - printed.at >= 1:
            printed = _Printed(commands.uptime(command, self._env()), second, at)
            self._printed = printed
        return printed.text

    def uptime_numbers(self) -> dict[str, object]:
        """Give "uptime" (the text), "seconds", "users", "load", "host". Raises MachineFailed."""
        text = self.uptime()
        try:
            precise = float((self._root / "proc" / "uptime").read_text().split()[0])
        except OSError:
            # macOS has no /proc: the seconds come from the text.
            precise = None
        return {"uptime": text, **numbers.read_uptime(text, precise), "host": self.name}

    def _uptime_procfs(self) -> str:
        try:
            return procfs.uptime(self._root, time.localtime())
        except OSError as exc:
            raise errors.MachineFailed(f"uptime cannot be read: {exc}") from exc

    def check(self, window: Window) -> None:
        """Raise NotMeasurable if the iostat of this system cannot measure such a window."""
        if self._darwin and (window.extended or window.cpu):
            raise errors.NotMeasurable

    def open(self, window: Window, *, first: int = 0, patience: float = 30) -> Feed:
        """Start to measure `window` from the report with index `first` on.

        With `first` above 0 it continues an earlier run: its first report covers the interval
        that begins now. A report may come `patience` seconds later than `wait` says. Raises
        NotMeasurable, MachineFailed if nothing can measure, or Killed if the cause is a shortage
        of memory, processes or descriptors, which may be over soon.
        """
        self.check(window)
        command = self._which("iostat")
        if command is None:
            return self._open_procfs(window, first)
        left = window.count - first
        # For a single report since boot iostat ends at once: setpriv would cost more than it saves.
        lasts = first > 0 or left > 1
        argv = [*(self._tether() if lasts else []), command, *self._arguments(window, first)]
        reports = splitter.Splitter(first=first, darwin=self._darwin)
        return commands.Iostat(
            argv, self._env(), reports, left, wait=window.wait, patience=patience
        )

    def _open_procfs(self, window: Window, first: int) -> Feed:
        if not (self._root / "proc" / "diskstats").exists():
            raise errors.MachineFailed("This machine has neither iostat nor /proc/diskstats.")
        return procfs.Feed(self._root, window, first)

    def _arguments(self, window: Window, first: int) -> list[str]:
        left = window.count - first
        if self._darwin:
            # macOS has no -y. We ask for one report more, and the splitter drops the first.
            return ["-d", "-c", str(left + (first > 0)), "-w", str(window.wait)]
        wanted = ["-d"]
        wanted += ["-x"] if window.extended else []
        wanted += ["-c"] if window.cpu else []
        # -y leaves out the average since boot, which the window has already.
        wanted += ["-y"] if first else []
        return [*wanted, str(window.wait), str(left)]

    def _tether(self) -> list[str]:
        """Give the command that makes the kernel kill iostat when this thread ends.

        Gives [] if there is no setpriv.
        """
        setpriv = self._which("setpriv")
        return [setpriv, "--pdeathsig", "KILL"] if setpriv else []

    def _which(self, command: str) -> str | None:
        # One look at the file instead of several in each folder: three commands a window.
        found = self._found.get(command)
        if found is None or not os.access(found, os.X_OK):
            found = shutil.which(command, path=self._path)
            if found:
                self._found[command] = found
        return found

    def _env(self) -> dict[str, str]:
        # Only these: iostat's output depends on the environment, and ours contains credentials.
        return {"LC_ALL": "C", "S_TIME_FORMAT": "ISO", "PATH": self._path}


def measure(machine: Machine, window: Window, clock: Clock) -> list[tuple[float, str]]:
    """Measure a window to its end, as v1 does while its caller waits.

    Gives the time (since the epoch) and the text of each report; the texts join to what
    ``iostat -d WAIT COUNT`` prints, with -x and -c if the window says so. Raises NotMeasurable,
    MachineFailed.
    """
    try:
        with machine.open(window, patience=_PATIENCE_AT_ONCE) as feed:
            return [(clock.now(), text) for text in feed]
    except errors.Killed as killed:
        raise errors.MachineFailed(str(killed)) from killed
