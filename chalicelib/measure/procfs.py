"""uptime and iostat read from /proc, for a Linux that lacks the commands.

The text of uptime has the layout of procps 4.0 (its `sprint_uptime`). `disks` and `processor` have
the text of iostat.
"""

import os
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Self

from chalicelib import errors
from chalicelib.measure import disks, processor
from chalicelib.measure.disks import Devices
from chalicelib.measure.model import Window
from chalicelib.measure.processor import Times

#: From utmp(5): the bytes of a record, whose first two are its type; and the type of a login.
_UTMP_RECORD, _USER_PROCESS = 384, 7


class Snapshot(NamedTuple):
    """The devices at one moment; `uptime` is in hundredths of a second."""

    uptime: int = 0
    devices: Devices = MappingProxyType({})
    #: The times of the processors, if the window wants them.
    times: Times = Times()


def snapshot(root: Path, window: Window) -> Snapshot:
    """Read what `window` wants of `root`/proc and `root`/sys now, in the order of iostat.

    Raises OSError if a file of /proc cannot be read.
    """
    seconds, hundredths = (root / "proc" / "uptime").read_text().split()[0].split(".")
    times = processor.read(root) if window.cpu else Times()
    return Snapshot(int(seconds) * 100 + int(hundredths), disks.read(root), times)


def report(before: Snapshot, after: Snapshot, window: Window) -> str:
    """Give the report of the time between two snapshots; `Snapshot()` as `before` means boot."""
    ticks = max(after.uptime - before.uptime, 1)
    cpu = processor.text(before.times, after.times) if window.cpu else ""
    lines = disks.extended if window.extended else disks.basic
    return cpu + lines(before.devices, after.devices, ticks) + "\n"


class Feed:
    """The reports of a window from index `first` on: a `measure.model.Feed`."""

    def __init__(self, root: Path, window: Window, first: int) -> None:
        self._root, self._window, self._first = root, window, first
        self._stopped = threading.Event()

    def __iter__(self) -> Iterator[str]:
        old = self._snapshot() if self._first else Snapshot()
        due = time.monotonic()
        for index in range(self._first, self._window.count):
            if index:
                due += self._window.wait
            if self._stopped.wait(max(due - time.monotonic(), 0)):
                return
            new = self._snapshot()
            lead = "\n" if index else _machine()
            last = "\n" if index == self._window.count - 1 else ""
            yield lead + report(old, new, self._window) + last
            old = new

    def _snapshot(self) -> Snapshot:
        try:
            return snapshot(self._root, self._window)
        except OSError as exc:
            raise errors.from_os_error("/proc cannot be read", exc) from exc

    def stop(self) -> None:
        """End the measuring before the next report."""
        self._stopped.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _machine() -> str:
    name = os.uname()
    today = time.strftime("%Y-%m-%d")
    cpus = os.cpu_count()
    heading = f"{name.sysname} {name.release} ({name.nodename})"
    return f"{heading} \t{today} \t_{name.machine}_\t({cpus} CPU)\n\n"


def uptime(root: Path, now: time.struct_time) -> str:
    """Give what ``uptime`` prints at `now`, stripped. Raises OSError if /proc cannot be read."""
    seconds = int((root / "proc" / "uptime").read_text().split(".")[0])
    load = ", ".join((root / "proc" / "loadavg").read_text().split()[:3])
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86_400
    up = f"{days} day{'' if days == 1 else 's'}, " if days else ""
    up += f"{hours:2d}:{minutes:02d}" if hours else f"{minutes} min"
    users = _users(root)
    logins = f"{users:2d} {'users' if users > 1 else 'user'}"
    return f"{time.strftime('%H:%M:%S', now)} up {up}, {logins},  load average: {load}"


def _users(root: Path) -> int:
    utmp = root / "run" / "utmp"
    if not utmp.exists():
        return 0
    records = utmp.read_bytes()
    starts = range(0, len(records) - _UTMP_RECORD + 1, _UTMP_RECORD)
    return sum(struct.unpack_from("h", records, start)[0] == _USER_PROCESS for start in starts)
