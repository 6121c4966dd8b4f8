"""The devices of /proc/diskstats, from kernels that count more and less."""

from pathlib import Path

import pytest

from chalicelib.measure import disks
from chalicelib.measure.disks import Counters, Traffic

READS, WRITES, DISCARDS = Traffic(10, 1, 200, 7), Traffic(20, 2, 400, 7), Traffic(5, 3, 600, 1)
OLD = Counters(READS, WRITES, busy=8, queued=14)
NONE = " 0 0 0 0 0 0 0 0 0 0 0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make the folders of a machine with two disks."""
    for folder in ("proc", "sys/block/vda", "sys/block/cciss!c0d0"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("lines", "devices"),
    [
        (
            " 254 0 vda 10 1 200 7 20 2 400 7 0 8 14 5 3 600 1 3 2",
            {"vda": OLD._replace(discards=DISCARDS, flushes=Traffic(requests=3, took=2))},
        ),
        (
            " 254 0 vda 10 1 200 7 20 2 400 7 0 8 14 5 3 600 1",
            {"vda": OLD._replace(discards=DISCARDS)},
        ),
        (" 254 0 vda 10 1 200 7 20 2 400 7 0 8 14", {"vda": OLD}),
        (f" 254 0 vda{NONE}", {"vda": Counters()}),
        (" 254 1 vda1 10 1 200 7 20 2 400 7 0 8 14", {}),
        (" 104 0 cciss/c0d0 10 1 200 7 20 2 400 7 0 8 14", {"cciss/c0d0": OLD}),
        (" 104 1 cciss/c0d0p1 10 1 200 7 20 2 400 7 0 8 14", {}),
        ("", {}),
    ],
)
def test_every_whole_device_is_counted(
    root: Path, lines: str, devices: dict[str, Counters]
) -> None:
    (root / "proc/diskstats").write_text(lines)
    assert disks.read(root) == devices


def test_devices_are_in_the_order_of_their_names(root: Path) -> None:
    (root / "proc/diskstats").write_text(f" 254 0 vda{NONE}\n 104 0 cciss/c0d0{NONE}\n")
    assert list(disks.read(root)) == ["cciss/c0d0", "vda"]


def test_without_sys_a_partition_counts_as_a_device(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/diskstats").write_text(" 254 1 vda1 1 0 2 7 3 0 4 7 0 8 14\n")
    counted = Counters(Traffic(1, 0, 2, 7), Traffic(3, 0, 4, 7), busy=8, queued=14)
    assert disks.read(tmp_path) == {"vda1": counted}


@pytest.mark.parametrize("text", [disks.basic, disks.extended])
def test_a_device_that_was_never_used_is_left_out(text: object) -> None:
    assert callable(text)
    assert text({}, {"vda": Counters(busy=5)}, 100).count("\n") == 1
    assert text({}, {"vda": Counters(flushes=Traffic(1))}, 100).count("\n") == 2


def test_milliseconds_that_begin_again_at_zero_are_counted_on() -> None:
    before = Counters(Traffic(1, 0, 8, 2**32 - 2), busy=2**32 - 2, queued=2**32 - 2)
    after = Counters(Traffic(2, 0, 16, 3), busy=3, queued=3)
    # iostat takes a device that was busy for less time than before for an idle one.
    assert after.since(before) == Counters(Traffic(1, 0, 8, 5), busy=0, queued=5)


def test_a_device_that_was_taken_out_and_put_in_again_counts_from_its_beginning() -> None:
    again = Counters(Traffic(2, 0, 16, 3), Traffic(1, 0, 8, 1), busy=4, queued=4)
    assert again.since(OLD) == again


def test_a_counter_that_goes_back_alone_shows_nothing() -> None:
    back = OLD._replace(reads=Traffic(9, 1, 200, 7))
    assert back.since(OLD) == Counters()
