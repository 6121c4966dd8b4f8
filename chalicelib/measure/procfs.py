"""uptime and iostat read from /proc, for a Linux that lacks the commands.

The text has the layout of procps 4.0 (its `sprint_uptime`) and of sysstat 12.6 (`iostat -d`),
column for column; the formulas are sysstat's (`S_VALUE`, `write_plain_basic_stat`).
"""

import os
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Self

from chalicelib import errors
from chalicelib.measure.model import Window

_COLUMNS = "    kB_read/s    kB_wrtn/s    kB_dscd/s    kB_read    kB_wrtn    kB_dscd"
_HEADING = f"{'Device':<13} {'tps':>8}{_COLUMNS}\n"
#: From utmp(5): the bytes of a record, whose first two are its type; and the type of a login.
_UTMP_RECORD, _USER_PROCESS = 384, 7


class Counters(NamedTuple):
    """The counters of a device since boot: requests, and sectors of 512 bytes."""

    requests: int = 0
    read: int = 0
    written: int = 0
    discarded: int = 0


class Snapshot(NamedTuple):
    """The devices that are in use, at one moment; `uptime` is in hundredths of a second."""

    uptime: int = 0
    devices: Mapping[str, Counters] = MappingProxyType({})


def snapshot(root: Path) -> Snapshot:
    """Read `root`/proc and `root`/sys now. Raises OSError if a file of /proc cannot be read."""
    whole = root / "sys" / "block"
    devices = {}
    for line in (root / "proc" / "diskstats").read_text().splitlines():
        _, _, name, *fields = line.split()
        # Kernels before 4.18 have no columns for discards, those before 5.5 none for flushes.
        numbers = [int(field) for field in fields] + [0] * 17
        unused = not (numbers[0] or numbers[4] or numbers[11] or numbers[15])
        partition = whole.is_dir() and not (whole / name.replace("/", "!")).exists()
        if not unused and not partition:
            devices[name] = Counters(
                requests=numbers[0] + numbers[4] + numbers[11],
                read=numbers[2],
                written=numbers[6],
                discarded=numbers[13],
            )
    seconds, hundredths = (root / "proc" / "uptime").read_text().split()[0].split(".")
    return Snapshot(int(seconds) * 100 + int(hundredths), devices)


def report(before: Snapshot, after: Snapshot) -> str:
    """Give the report of the time between two snapshots; `Snapshot()` as `before` means boot."""
    ticks = max(after.uptime - before.uptime, 1)
    rows = [
        _row(name, before.devices.get(name, Counters()), counters, ticks)
        for name, counters in after.devices.items()
    ]
    return _HEADING + "".join(rows) + "\n"


def _row(name: str, old: Counters, new: Counters, ticks: int) -> str:
    moved = [
        max(now - then, 0)
        for then, now in (
            (old.read, new.read),
            (old.written, new.written),
            (old.discarded, new.discarded),
        )
    ]
    tps = max(new.requests - old.requests, 0) / ticks * 100
    rates = "".join(f" {sectors / ticks * 100 / 2:12.2f}" for sectors in moved)
    totals = "".join(f" {sectors // 2:10d}" for sectors in moved)
    return f"{name:<13} {tps:8.2f}{rates}{totals}\n"


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
            yield lead + report(old, new) + last
            old = new

    def _snapshot(self) -> Snapshot:
        try:
            return snapshot(self._root)
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
