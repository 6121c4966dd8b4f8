"""What a worker says of its machine in each heartbeat."""

import os
from pathlib import Path

from chalicelib import errors
from chalicelib.comparison import Comparison
from chalicelib.measure.busiest import Busiest
from chalicelib.version import VERSION
from local.vitals import Vitals
from tests.support.fakes import FakeClock, FakeMachine


class Silent(FakeMachine):
    """A machine whose uptime cannot be read."""

    def uptime(self) -> str:
        raise errors.MachineFailed("There is no uptime.")


def vitals(machine: FakeMachine, comparison: Comparison, root: Path, *, shares: bool) -> Vitals:
    return Vitals(
        machine,
        comparison=comparison,
        windows=lambda: 3,
        problem=lambda: comparison.problem(9),
        shares=shares,
        busiest=Busiest(root),
    )


def test_a_heartbeat_says_how_the_machine_is(tmp_path: Path) -> None:
    clock, system = FakeClock(), os.uname()
    machine = FakeMachine(clock)
    beat = vitals(machine, Comparison(clock), tmp_path, shares=True).heartbeat()
    assert beat._asdict() == {
        "node": "web-1",
        "system": f"{system.sysname} {system.release} {system.machine}",
        "cpus": os.cpu_count(),
        "source": "iostat",
        "version": VERSION,
        "uptime": machine.uptime(),
        "windows": 3,
        "busiest_device": None,
        "busiest_util": None,
        "clock_off_s": 0,
        "problem": None,
        "shares": 1,
        "protocol": 1,
    }


def test_a_clock_that_is_off_is_said_with_the_problem(tmp_path: Path) -> None:
    clock = FakeClock()
    comparison = Comparison(clock)
    comparison.hear("Fri, 15 Jan 2027 07:00:00 GMT", comparison.begin())
    beat = vitals(FakeMachine(clock), comparison, tmp_path, shares=False).heartbeat()
    assert abs(beat.clock_off_s - 3600) <= 1
    assert beat.problem
    assert beat.problem.startswith("This machine's clock is 3599 s ahead of the cloud's;")
    assert beat.shares is None


def test_an_uptime_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    clock = FakeClock()
    beat = vitals(Silent(clock), Comparison(clock), tmp_path, shares=False).heartbeat()
    assert beat.uptime is None


def test_the_busiest_device_is_said(tmp_path: Path) -> None:
    clock = FakeClock()
    (tmp_path / "proc").mkdir()
    (tmp_path / "sys" / "block" / "vda").mkdir(parents=True)
    stats = tmp_path / "proc" / "diskstats"
    stats.write_text("253 0 vda 10 0 80 5 10 0 80 5 0 100 10 0 0 0 0 0 0\n")
    said = vitals(FakeMachine(clock), Comparison(clock), tmp_path, shares=False)
    assert said.heartbeat().busiest_device is None
    beat = said.heartbeat()
    assert (beat.busiest_device, beat.busiest_util) == ("vda", 0)
