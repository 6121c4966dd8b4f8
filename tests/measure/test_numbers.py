"""The numbers in a report, in every layout that sysstat has had."""

import os

import pytest

from chalicelib.measure import numbers
from chalicelib.measure.machine import ThisMachine
from chalicelib.measure.model import Window
from tests.support.iostats import needs

LINUX = "Linux 6.1.0 (web-1) \t2026-01-02 \t_x86_64_\t(4 CPU)\n\n"
SYSSTAT_11 = """\
Device:            tps    kB_read/s    kB_wrtn/s    kB_read    kB_wrtn
sda               1.25        33.08        12.60    1528381     581964
dm-0              0.00         0.01         0.00        324          0
"""
SYSSTAT_12 = """\
Device             tps    kB_read/s    kB_wrtn/s    kB_dscd/s    kB_read    kB_wrtn    kB_dscd
vda              68.61      1755.50       847.00        75.64     901185     434808      38828
"""
NO_DISCARDS = """\
Device             tps    kB_read/s    kB_wrtn/s    kB_read    kB_wrtn
cciss!c0d0       10.00       120.00        80.00        120         80
my big disk       0.50         4.00         0.00          4          0
x                -1.00         0.00         0.00         -2          0
"""
LATER = """\
Device             tps    kB_read/s    new_col    kB_read
nvme0n1           1.00         2.50       0.03          7
"""
VDA = {
    "device": "vda",
    "tps": 68.61,
    "kB_read/s": 1755.5,
    "kB_wrtn/s": 847.0,
    "kB_dscd/s": 75.64,
    "kB_read": 901185,
    "kB_wrtn": 434808,
    "kB_dscd": 38828,
}


def a_device(name: str, *values: float) -> dict[str, object]:
    columns = ("tps", "kB_read/s", "kB_wrtn/s", "kB_read", "kB_wrtn")
    return {"device": name, **dict(zip(columns, values, strict=True))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LINUX + SYSSTAT_12 + "\n", [VDA]),
        ("\n" + SYSSTAT_12 + "\n", [VDA]),
        (
            LINUX + SYSSTAT_11,
            [
                a_device("sda", 1.25, 33.08, 12.6, 1528381, 581964),
                a_device("dm-0", 0.0, 0.01, 0.0, 324, 0),
            ],
        ),
        (
            NO_DISCARDS,
            [
                a_device("cciss!c0d0", 10.0, 120.0, 80.0, 120, 80),
                a_device("my big disk", 0.5, 4.0, 0.0, 4, 0),
                a_device("x", -1.0, 0.0, 0.0, -2, 0),
            ],
        ),
        (
            LATER,
            [{"device": "nvme0n1", "tps": 1.0, "kB_read/s": 2.5, "new_col": 0.03, "kB_read": 7}],
        ),
        (SYSSTAT_12.replace("vda   ", "v\u2028\x85a "), [{**VDA, "device": "v\u2028\x85a"}]),
        (SYSSTAT_12.splitlines()[0] + "\n", []),
    ],
)
def test_every_column_is_read_by_its_own_name(text: str, expected: object) -> None:
    assert numbers.read_report(text) == expected


def test_whole_numbers_are_ints_and_others_are_floats() -> None:
    (vda,) = numbers.read_report(SYSSTAT_12)
    assert [type(it).__name__ for it in vda.values()] == ["str"] + ["float"] * 4 + ["int"] * 3


def test_three_hundred_devices_are_read() -> None:
    heading, line = SYSSTAT_12.splitlines()
    lines = [line.replace("vda  ", f"vd{index:<3}") for index in range(300)]
    found = numbers.read_report("\n".join([heading, *lines]))
    assert [it["device"] for it in found] == [f"vd{index}" for index in range(300)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        LINUX,
        "report 0\n",
        SYSSTAT_12.replace("68.61", "n/a"),
        SYSSTAT_12.replace("68.61", "nan"),
        SYSSTAT_12.replace("68.61", "68,61"),
        SYSSTAT_12.replace("68.61", ""),
        SYSSTAT_12 + "vdb 1.0\n",
        SYSSTAT_12.replace("901185", "9" * 4301),
        SYSSTAT_12.replace("68.61", "9" * 309 + ".0"),
        SYSSTAT_12.replace("kB_wrtn/s", "k" * 41),
        SYSSTAT_12 + SYSSTAT_12,
        SYSSTAT_12.replace("kB_wrtn/s", "kB_read/s"),
        SYSSTAT_12.replace("   tps", "device"),
        "              disk0 \n    KB/t  tps  MB/s \n   19.85   27  0.52 \n",
    ],
)
def test_a_report_that_cannot_be_read_has_no_devices(text: str) -> None:
    assert numbers.read_report(text) == []


CPU = """\
avg-cpu:  %user   %nice %system %iowait  %steal   %idle
          18.97    0.00    2.70    1.82    0.82   75.70

"""


def test_the_cpu_block_is_read_beside_the_devices() -> None:
    columns = ("%user", "%nice", "%system", "%iowait", "%steal", "%idle")
    expected = dict(zip(columns, (18.97, 0.0, 2.7, 1.82, 0.82, 75.7), strict=True))
    text = LINUX + CPU + SYSSTAT_12 + "\n"
    assert (numbers.read_cpu(text), numbers.read_report(text)) == (expected, [VDA])


@pytest.mark.parametrize(
    "text",
    [
        "",
        SYSSTAT_12,
        CPU + CPU,
        "avg-cpu:",
        "avg-cpu:\n\n",
        "avg-cpu:  %user",
        CPU.replace("18.97", "n/a"),
        CPU.replace("18.97", ""),
        CPU.replace("%nice", "%user"),
        CPU.replace("%nice", "%" * 41),
    ],
)
def test_a_cpu_block_that_cannot_be_read_is_none(text: str) -> None:
    assert numbers.read_cpu(text) is None


@needs("iostat")
def test_a_report_of_this_machine_can_be_read() -> None:
    with ThisMachine(os.environ["PATH"]).open(Window(1, 1)) as feed:
        (text,) = feed
    assert [list(it)[:2] for it in numbers.read_report(text)]
    assert all(list(it)[:2] == ["device", "tps"] for it in numbers.read_report(text))
