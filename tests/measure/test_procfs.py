"""uptime and iostat read from /proc: the same text as the commands print."""

import itertools
import os
import re
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

from chalicelib import errors
from chalicelib.measure import numbers, procfs
from chalicelib.measure import splitter as reports
from chalicelib.measure.disks import Counters, Traffic
from chalicelib.measure.machine import ThisMachine
from chalicelib.measure.model import Window
from chalicelib.measure.procfs import Snapshot
from tests.support import iostats

NOON = time.strptime("2026-01-02 12:00:09", "%Y-%m-%d %H:%M:%S")
VDA = " 254 0 vda 10 0 200 7 20 0 400 7 0 8 14 5 0 600 1 3 2\n"
COUNTED = Counters(Traffic(10, 0, 200, 7), Traffic(20, 0, 400, 7), Traffic(5, 0, 600, 1))
MOVED_ON = Counters(Traffic(15, 0, 600, 7), Traffic(24, 0, 408, 7), Traffic(6, 0, 2648, 1))
PLUGGED_IN = Counters(Traffic(3, 0, 1, 7))
ONE = Window(1, 1)
CPU_COLUMNS = ("%user", "%nice", "%system", "%iowait", "%steal", "%idle")
HEADING = iostats.REPORT.splitlines(keepends=True)[0]
SINCE_BOOT = f"""{HEADING}\
vda               3.50        10.00        20.00        30.00        100        200        300

"""
IDLE = f"""{HEADING}\
vda               0.00         0.00         0.00         0.00          0          0          0

"""
MOVED = f"""{HEADING}\
cciss/c0d0        1.50         0.25         0.00         0.00          0          0          0
vda               5.00       100.00         2.00       512.00        200          4       1024

"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write the files of a machine with one disk, ten seconds after its boot."""
    for folder in ("proc", "run", "sys/block/vda"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "proc/uptime").write_text("10.00 19.50\n")
    (tmp_path / "proc/loadavg").write_text("0.58 0.25 0.14 1/200 4242\n")
    (tmp_path / "proc/diskstats").write_text(VDA)
    return tmp_path


@pytest.mark.parametrize(
    ("seconds", "up"),
    [
        ("0.41", "0 min"),
        ("2001.22", "33 min"),
        ("3600.00", " 1:00"),
        ("43980.05", "12:13"),
        ("86400.00", "1 day, 0 min"),
        ("93600.00", "1 day,  2:00"),
        ("1236780.99", "14 days,  7:33"),
        ("100000000.50", "1157 days,  9:46"),
    ],
)
def test_uptime_has_the_layout_of_the_command(root: Path, seconds: str, up: str) -> None:
    (root / "proc/uptime").write_text(f"{seconds} 1.00\n")
    text = f"12:00:09 up {up},  0 user,  load average: 0.58, 0.25, 0.14"
    assert procfs.uptime(root, NOON) == text


@pytest.mark.parametrize(
    ("types", "users"),
    [([2, 1], " 0 user"), ([2, 7, 8], " 1 user"), ([7, 2, 7], " 2 users"), ([7] * 12, "12 users")],
)
def test_logins_are_counted_in_utmp(root: Path, types: list[int], users: str) -> None:
    (root / "run/utmp").write_bytes(b"".join(struct.pack("h382x", kind) for kind in types))
    text = f"12:00:09 up 0 min, {users},  load average: 0.58, 0.25, 0.14"
    assert procfs.uptime(root, NOON) == text


@iostats.needs("uptime")
def test_uptime_is_what_the_command_prints() -> None:
    def out_of_proc() -> str:
        return without_users(procfs.uptime(Path("/"), time.localtime()))

    def agree() -> bool:
        before = out_of_proc()
        printed = subprocess.check_output(["uptime"], text=True).strip()
        return without_users(printed) in (before, out_of_proc())

    def without_users(text: str) -> str:
        # Newer versions of uptime count the users of systemd, not of utmp.
        return re.sub(r"[ 0-9]\d users?", "", text)

    iostats.eventually(agree)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (Snapshot(), Snapshot(1000, {"vda": COUNTED}), SINCE_BOOT),
        (Snapshot(), Snapshot(1000), f"{HEADING}\n"),
        (
            Snapshot(1000, {"vda": COUNTED}),
            Snapshot(1200, {"cciss/c0d0": PLUGGED_IN, "vda": MOVED_ON}),
            MOVED,
        ),
        (
            Snapshot(1000, {"vda": COUNTED, "sda": PLUGGED_IN}),
            Snapshot(1200, {"vda": COUNTED._replace(reads=Traffic(9, 0, 190, 7))}),
            IDLE,
        ),
        (
            Snapshot(1000, {"vda": COUNTED}),
            Snapshot(1000, {"vda": COUNTED}),
            IDLE,
        ),
    ],
    ids=["since boot", "no disks", "an interval", "backwards and pulled out", "no time at all"],
)
def test_a_report_says_what_happened_between_two_snapshots(
    before: Snapshot, after: Snapshot, text: str
) -> None:
    assert procfs.report(before, after, ONE) == text


@iostats.needs("iostat")
def test_a_report_is_what_iostat_prints() -> None:
    def agree() -> bool:
        before = procfs.snapshot(Path("/"), ONE)
        with iostats.start("-d") as process:
            printed = process.communicate()[0]
        after = procfs.snapshot(Path("/"), ONE)
        with procfs.Feed(Path("/"), ONE, 0) as feed:
            heading = "".join(feed).partition("Device")[0]
        moments = range(before.uptime, after.uptime + 1)
        since_boot = [procfs.report(Snapshot(), Snapshot(at, after.devices), ONE) for at in moments]
        texts = [f"{heading}{text}\n" for text in since_boot]
        return printed in texts and numbers.read_report(printed) in map(numbers.read_report, texts)

    iostats.eventually(agree)


def test_the_reports_of_a_window_join_as_those_of_iostat(root: Path) -> None:
    with procfs.Feed(root, Window(3, 0), 0) as feed:
        texts = list(feed)
    name = os.uname()
    heading = f"Linux {name.release} ({name.nodename}) \t"
    assert texts[0].startswith(heading.replace("Linux", name.sysname))
    assert [texts[0].partition("\n\n")[2], *texts[1:]] == [SINCE_BOOT, "\n" + IDLE, f"\n{IDLE}\n"]
    splitter = reports.Splitter()
    assert [*splitter.feed("".join(texts).encode())] == [*texts[:2], texts[2][:-1]]
    assert splitter.tail() == "\n"


def test_each_report_is_of_its_own_interval(root: Path) -> None:
    (root / "sys/block/cciss!c0d0").mkdir()
    with procfs.Feed(root, Window(3, 0), 1) as feed:
        texts = iter(feed)
        assert next(texts) == "\n" + IDLE
        (root / "proc/uptime").write_text("12.00 20.00\n")
        (root / "proc/diskstats").write_text(
            " 254 0 vda 15 0 600 7 24 0 408 7 0 8 14 6 0 2648 1 3 2\n"
            " 104 0 cciss/c0d0 3 0 1 7 0 0 0 7 0 8 14\n"
        )
        assert list(texts) == [f"\n{MOVED}\n"]


def test_a_report_waits_for_its_time(root: Path) -> None:
    began = time.monotonic()
    with procfs.Feed(root, Window(3, 1), 2) as feed:
        assert list(feed) == [f"\n{IDLE}\n"]
    assert time.monotonic() - began >= 1


def test_a_window_can_be_stopped_while_it_waits(root: Path) -> None:
    with procfs.Feed(root, Window(2, 3600), 0) as feed:
        texts = iter(feed)
        next(texts)
        threading.Timer(0, feed.stop).start()
        assert list(texts) == []


@pytest.mark.parametrize("first", [0, 1])
def test_a_window_that_was_stopped_has_no_more_reports(root: Path, first: int) -> None:
    with procfs.Feed(root, Window(3, 0), first) as feed:
        texts = iter(feed)
        got = list(itertools.islice(texts, first))
        feed.stop()
        assert [*got, *texts] == got


def test_a_machine_without_the_commands_is_measured_by_proc(root: Path) -> None:
    machine = ThisMachine("", root=root)
    assert machine.source == "procfs"
    assert re.sub("^[0-9:]{8}", "12:00:09", machine.uptime()) == procfs.uptime(root, NOON)
    with machine.open(Window(2, 0), first=1) as feed:
        assert list(feed) == [f"\n{IDLE}\n"]


def test_a_run_that_continues_a_window_goes_on_with_its_options(root: Path) -> None:
    (root / "proc/stat").write_text("cpu  10 0 5 80 5 0 0 0 0 0\n")
    window = Window(3, 0, extended=True, cpu=True)
    with procfs.Feed(root, window, 2) as feed:
        (text,) = feed
    assert text.startswith("\navg-cpu:  %user")
    assert numbers.read_cpu(text) == dict.fromkeys(CPU_COLUMNS, 0.0)
    (vda,) = numbers.read_report(text)
    assert (vda["device"], vda["r/s"], vda["%util"]) == ("vda", 0.0, 0.0)


def test_a_proc_that_goes_away_is_a_failure_of_the_machine(root: Path) -> None:
    machine = ThisMachine("", root=root)
    with machine.open(Window(2, 0)) as feed:
        texts = iter(feed)
        next(texts)
        for file in (root / "proc").iterdir():
            file.unlink()
        with pytest.raises(errors.MachineFailed, match=r"^/proc cannot be read: "):
            next(texts)
    with pytest.raises(errors.MachineFailed, match=r"^uptime cannot be read: "):
        machine.uptime()
    with pytest.raises(errors.MachineFailed) as caught:
        machine.open(Window(2, 0))
    assert str(caught.value) == "This machine has neither iostat nor /proc/diskstats."
