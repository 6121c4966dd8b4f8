"""The processors of /proc/stat: where their time went, and the text that iostat makes of it.

The text has the layout of ``iostat -c`` of sysstat 12.6; the formulas are sysstat's
(`write_plain_cpu_stat`).
"""

from pathlib import Path
from typing import NamedTuple

_HEADING = "avg-cpu:  %user   %nice %system %iowait  %steal   %idle\n"
#: The numbers in a line of /proc/stat that count; old kernels have fewer.
_FIELDS = 8


class Times(NamedTuple):
    """What all processors together did since boot, in the kernel's ticks."""

    user: int = 0
    nice: int = 0
    system: int = 0
    idle: int = 0
    iowait: int = 0
    hardirq: int = 0
    softirq: int = 0
    steal: int = 0


def read(root: Path) -> Times:
    """Read the times of all processors in `root`/proc/stat. Raises OSError."""
    lines = (root / "proc" / "stat").read_text().splitlines()
    words = next((words for words in map(str.split, lines) if words[:1] == ["cpu"]), ["cpu"])
    # What follows is the time of guests, which is in `user` and `nice` already.
    return Times(*map(int, words[1 : _FIELDS + 1]))


def text(before: Times, after: Times) -> str:
    """Give the lines of ``iostat -c`` for the time between `before` and `after`."""
    ticks = max(sum(after) - sum(before), 1)

    def share(then: int, now: int) -> str:
        # The kernel's counters sometimes go back a little.
        return f" {max(now - then, 0) / ticks * 100:7.2f}"

    shares = [
        share(before.user, after.user),
        share(before.nice, after.nice),
        share(_system(before), _system(after)),
        share(before.iowait, after.iowait),
        share(before.steal, after.steal),
        share(before.idle, after.idle),
    ]
    return f"{_HEADING}       {''.join(shares)}\n\n"


def _system(times: Times) -> int:
    return times.system + times.softirq + times.hardirq
