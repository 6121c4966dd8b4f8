"""What a worker says of its machine in each heartbeat."""

import os
from collections.abc import Callable

from chalicelib import errors
from chalicelib.comparison import Comparison
from chalicelib.hosts.model import Heartbeat
from chalicelib.measure.busiest import Busiest
from chalicelib.measure.model import Machine
from chalicelib.version import VERSION


class Vitals:
    """Makes the heartbeats of this machine. Only one thread may use it."""

    def __init__(
        self,
        machine: Machine,
        *,
        comparison: Comparison,
        windows: Callable[[], int],
        problem: Callable[[], str | None],
        shares: bool,
        busiest: Busiest | None = None,
    ) -> None:
        """`windows` counts those that are measured; `problem` says why no work is taken."""
        self._machine, self._comparison = machine, comparison
        self._windows, self._problem, self._shares = windows, problem, shares
        self._busiest = busiest or Busiest()

    def heartbeat(self) -> Heartbeat:
        """Say how this machine is now."""
        system = os.uname()
        device, util = self._busiest.since_last() or (None, None)
        return Heartbeat(
            node=self._machine.name,
            system=f"{system.sysname} {system.release} {system.machine}",
            cpus=os.cpu_count(),
            source=self._machine.source,
            version=VERSION,
            uptime=self._uptime(),
            windows=self._windows(),
            busiest_device=device,
            busiest_util=util,
            clock_off_s=round(self._comparison.off, 1),
            problem=self._problem(),
            shares=1 if self._shares else None,
        )

    def _uptime(self) -> str | None:
        try:
            return self._machine.uptime()
        except errors.MachineFailed:
            return None
