"""The busiest device, out of /proc/diskstats."""

from pathlib import Path

import pytest

from chalicelib.measure.busiest import Busiest


class Disks:
    """The counters of two disks, and a clock."""

    def __init__(self, root: Path) -> None:
        self.root, self.now = root, 100.0
        (root / "proc").mkdir()
        for name in ("vda", "vdb"):
            (root / "sys" / "block" / name).mkdir(parents=True)

    def write(self, **busy: int) -> None:
        lines = [
            f"253 {at} {name} 10 0 80 5 10 0 80 5 0 {ms} 10 0 0 0 0 0 0\n"
            for at, (name, ms) in enumerate(busy.items())
        ]
        (self.root / "proc" / "diskstats").write_text("".join(lines))


@pytest.fixture
def disks(tmp_path: Path) -> Disks:
    return Disks(tmp_path)


def test_the_busiest_device_since_the_last_look(disks: Disks) -> None:
    busiest = Busiest(disks.root, lambda: disks.now)
    disks.write(vda=5000, vdb=100)
    assert busiest.since_last() is None
    disks.now += 60
    disks.write(vda=8000, vdb=7600)
    assert busiest.since_last() == ("vdb", 12.5)
    disks.now += 10
    disks.write(vda=28_000, vdb=7600)
    assert busiest.since_last() == ("vda", 100)
    disks.now += 10
    disks.write(vda=28_000)
    assert busiest.since_last() == ("vda", 0)


def test_without_disks_there_is_none(tmp_path: Path) -> None:
    busiest = Busiest(tmp_path)
    assert [busiest.since_last(), busiest.since_last()] == [None, None]


def test_without_a_disk_in_use_there_is_none(disks: Disks) -> None:
    busiest = Busiest(disks.root, lambda: disks.now)
    disks.write()
    busiest.since_last()
    disks.now += 1
    assert busiest.since_last() is None
