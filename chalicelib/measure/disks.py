"""The block devices of /proc/diskstats: their counters, and the text that iostat makes of them.

The text has the layout of sysstat 12.6, column for column: of ``iostat -d`` (`basic`) and of
``iostat -d -x`` (`extended`). The formulas are sysstat's (`S_VALUE`, `write_ext_stat`,
`compute_ext_disk_stats`), in the same order, so that the last digit is the same, too.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_BASIC = "    kB_read/s    kB_wrtn/s    kB_dscd/s    kB_read    kB_wrtn    kB_dscd"
#: The columns of one kind of requests: r for reads, w for writes, d for discards.
_KIND = "     {0}/s     {0}kB/s   {0}rqm/s  %{0}rqm {0}_await {0}areq-sz"
_EXTENDED = "".join(map(_KIND.format, "rwd")) + "     f/s f_await  aqu-sz  %util"
#: The kernel counts milliseconds in 32 bits: after 49 days of them it begins again at 0.
_WRAP = 1 << 32
#: The numbers in a line of /proc/diskstats. Kernels before 4.18 have none for discards, and those
#: before 5.5 none for flushes: 11 and 15.
_FIELDS = 17


class Traffic(NamedTuple):
    """Requests of one kind, and how many were merged into them; sectors have 512 bytes."""

    requests: int = 0
    merged: int = 0
    sectors: int = 0
    #: Milliseconds that the requests took, together.
    took: int = 0

    def since(self, old: "Traffic") -> "Traffic":
        """Give what was added to `old`."""
        return Traffic(
            requests=max(self.requests - old.requests, 0),
            merged=max(self.merged - old.merged, 0),
            sectors=max(self.sectors - old.sectors, 0),
            took=(self.took - old.took) % _WRAP,
        )


class Counters(NamedTuple):
    """What a device has done since boot."""

    reads: Traffic = Traffic()
    writes: Traffic = Traffic()
    discards: Traffic = Traffic()
    flushes: Traffic = Traffic()
    #: Milliseconds in which the device had something to do.
    busy: int = 0
    #: Milliseconds of all requests, as long as each was in the queue.
    queued: int = 0

    @property
    def used(self) -> bool:
        """Whether it has done anything. iostat leaves out the others."""
        return self.requests + self.flushes.requests > 0

    @property
    def requests(self) -> int:
        """Its reads, writes and discards. The kernel counts a flush as a write as well."""
        return self.reads.requests + self.writes.requests + self.discards.requests

    def since(self, old: "Counters") -> "Counters":
        """Give what was added to `old`; everything if the device was taken out in between."""
        if self._replaces(old):
            old = Counters()
        return Counters(
            reads=self.reads.since(old.reads),
            writes=self.writes.since(old.writes),
            discards=self.discards.since(old.discards),
            flushes=self.flushes.since(old.flushes),
            busy=max(self.busy - old.busy, 0),
            queued=(self.queued - old.queued) % _WRAP,
        )

    def _replaces(self, old: "Counters") -> bool:
        """Tell, as iostat does, whether this is another device of the same name."""
        if self.requests + self.flushes.requests >= old.requests + old.flushes.requests:
            return False
        pairs = [
            (old.reads.sectors, self.reads.sectors),
            (old.writes.sectors, self.writes.sectors),
            (old.discards.sectors, self.discards.sectors),
        ]
        return all(not then or now < then for then, now in pairs)


Devices = Mapping[str, Counters]


def read(root: Path) -> dict[str, Counters]:
    """Read the counters of every device, in the order of iostat. Raises OSError.

    `root` has proc/diskstats in it, and sys/block, which names the whole devices. Partitions are
    left out if it is there.
    """
    whole = root / "sys" / "block"
    found = {}
    for line in (root / "proc" / "diskstats").read_text().splitlines():
        _, _, name, *fields = line.split()
        if not whole.is_dir() or (whole / _in_sys(name)).exists():
            found[name] = _counters([int(field) for field in fields])
    return dict(sorted(found.items(), key=lambda entry: _in_sys(entry[0])))


def _in_sys(name: str) -> str:
    return name.replace("/", "!")


def _counters(fields: list[int]) -> Counters:
    numbers = fields + [0] * _FIELDS
    return Counters(
        reads=Traffic(*numbers[:4]),
        writes=Traffic(*numbers[4:8]),
        # In between is the number of requests in flight.
        busy=numbers[9],
        queued=numbers[10],
        discards=Traffic(*numbers[11:15]),
        flushes=Traffic(requests=numbers[15], took=numbers[16]),
    )


def basic(before: Devices, after: Devices, ticks: int) -> str:
    """Give the lines of ``iostat -d`` for `ticks` hundredths of a second."""
    rows = [_basic_row(name, moved, ticks) for name, moved in _moved(before, after).items()]
    return f"{'Device':<13} {'tps':>8}{_BASIC}\n" + "".join(rows)


def extended(before: Devices, after: Devices, ticks: int) -> str:
    """Give the lines of ``iostat -d -x`` for `ticks` hundredths of a second."""
    rows = [_extended_row(name, moved, ticks) for name, moved in _moved(before, after).items()]
    return f"{'Device':<13}{_EXTENDED}\n" + "".join(rows)


def _moved(before: Devices, after: Devices) -> Devices:
    return {
        name: new.since(before.get(name, Counters())) for name, new in after.items() if new.used
    }


def _basic_row(name: str, moved: Counters, ticks: int) -> str:
    kinds = (moved.reads, moved.writes, moved.discards)
    rates = "".join(f" {_rate(it.sectors, ticks) / 2:12.2f}" for it in kinds)
    totals = "".join(f" {it.sectors // 2:10d}" for it in kinds)
    return f"{name:<13} {_rate(moved.requests, ticks):8.2f}{rates}{totals}\n"


def _extended_row(name: str, moved: Counters, ticks: int) -> str:
    kinds = (moved.reads, moved.writes, moved.discards)
    flushes = moved.flushes
    return (
        f"{name:<13}"
        + "".join(_kind(it, ticks) for it in kinds)
        + f" {_rate(flushes.requests, ticks):7.2f} {_each(flushes.took, flushes.requests):7.2f}"
        + f" {_rate(moved.queued, ticks) / 1000:7.2f} {_rate(moved.busy, ticks) / 10:6.2f}\n"
    )


def _kind(moved: Traffic, ticks: int) -> str:
    requests, merged = moved.requests, moved.merged
    return (
        f" {_rate(requests, ticks):7.2f} {_rate(moved.sectors, ticks) / 2:9.2f}"
        f" {_rate(merged, ticks):8.2f} {_each(merged, merged + requests) * 100:6.2f}"
        f" {_each(moved.took, requests):7.2f} {_each(moved.sectors, requests) / 2:8.2f}"
    )


def _rate(amount: int, ticks: int) -> float:
    """Give the amount in a second."""
    return amount / ticks * 100


def _each(amount: int, requests: int) -> float:
    """Give the amount of one request, 0 if there were none."""
    return amount / requests if requests else 0.0
