"""The busiest device of this machine, out of the kernel's counters."""

import time
from collections.abc import Callable
from pathlib import Path

from chalicelib.measure import disks


class Busiest:
    """Tells which device was busiest between two moments."""

    def __init__(
        self, root: Path = Path("/"), monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`root` has /proc and /sys in it; `monotonic` gives seconds that only grow."""
        self._root, self._monotonic = root, monotonic
        self._before: tuple[float, disks.Devices] | None = None

    def since_last(self) -> tuple[str, float] | None:
        """Give the device that was busiest since the last call, and the percentage of the time.

        None at the first call, on a machine without /proc/diskstats, and without a device in use.
        """
        try:
            now = self._monotonic(), disks.read(self._root)
        except OSError:
            return None
        before, self._before = self._before, now
        if before is None or now[0] <= before[0] or not now[1]:
            return None
        busy = {
            name: counters.since(before[1].get(name, disks.Counters())).busy
            for name, counters in now[1].items()
        }
        device = max(busy, key=lambda name: busy[name])
        return device, round(min(busy[device] / (now[0] - before[0]) / 10, 100), 1)
