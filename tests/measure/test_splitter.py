"""The splitter: where a report ends and the next one begins, however the output comes."""

import itertools
import os
import time

import pytest

from chalicelib import errors
from chalicelib.measure import splitter as reports
from chalicelib.measure.machine import ThisMachine
from chalicelib.measure.model import Window
from tests.support import iostats
from tests.support.iostats import HEADING, REPORT, TWO, layout

OLD_REPORT = REPORT.replace("Device ", "Device:")
DISKS = "              disk0 \n    KB/t  tps  MB/s \n"
FIRST, SECOND, THIRD = "   19.85   12  0.23 \n", "    4.00    1  0.00 \n", "    0.00    0  0.00 \n"


def split(
    output: str, *, first: int = 0, darwin: bool = False, size: int = reports.MAX_BYTES
) -> list[str]:
    """Split `output`, which comes `size` bytes at a time; give its reports and then the tail."""
    splitter = reports.Splitter(first=first, darwin=darwin)
    data = output.encode()
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    return [text for chunk in chunks for text in splitter.feed(chunk)] + [splitter.tail()]


@pytest.mark.parametrize("size", [1, 2, 7, 100, reports.MAX_BYTES])
@pytest.mark.parametrize(
    "cut",
    [
        [HEADING + REPORT, "\n"],
        [HEADING + REPORT, "\n" + REPORT, "\n" + REPORT, "\n"],
        [HEADING + OLD_REPORT, OLD_REPORT, OLD_REPORT, ""],
        [HEADING + REPORT.replace("vda", "dm-é"), "\n"],
    ],
    ids=["one report", "sysstat 12", "sysstat 11", "more bytes than characters"],
)
def test_reports_are_split_the_same_however_the_output_comes(cut: list[str], size: int) -> None:
    assert split("".join(cut), size=size) == cut


def test_a_report_may_have_no_devices() -> None:
    heading = REPORT.splitlines(keepends=True)[0]
    cut = [f"{HEADING}{heading}\n", f"\n{heading}\n", "\n"]
    assert split("".join(cut)) == cut


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize(
    ("output", "cut"),
    [
        (HEADING + "\n" + REPORT + "\n" + REPORT + "\n", ["\n" + REPORT, "\n" + REPORT, "\n"]),
        (HEADING + OLD_REPORT + OLD_REPORT, [OLD_REPORT, OLD_REPORT, ""]),
    ],
    ids=["sysstat 12", "sysstat 11"],
)
def test_a_run_that_continues_a_window_drops_the_heading(
    output: str, cut: list[str], size: int
) -> None:
    assert split(output, first=1, size=size) == cut


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize(
    ("first", "output", "cut"),
    [
        (0, DISKS + FIRST + SECOND, [DISKS + FIRST, SECOND, ""]),
        (0, DISKS + FIRST + DISKS + SECOND + THIRD, [DISKS + FIRST, DISKS + SECOND, THIRD, ""]),
        (1, DISKS + FIRST + SECOND + THIRD, [SECOND, THIRD, ""]),
        (1, DISKS + FIRST + DISKS + SECOND, [DISKS + SECOND, ""]),
    ],
    ids=["heading once", "heading again", "continued", "continued below a heading"],
)
def test_macos_writes_one_line_for_each_report(
    first: int, output: str, cut: list[str], size: int
) -> None:
    assert split(output, first=first, darwin=True, size=size) == cut


@pytest.mark.parametrize(("rest", "tail"), [("vda  1.0", "\n"), ("Device\nvda  1.0\n", "")])
def test_a_report_that_is_not_complete_is_not_given(rest: str, tail: str) -> None:
    assert split("".join(TWO) + rest) == [TWO[0], "\n" + REPORT, tail]


def test_bytes_that_are_not_utf_8_are_kept_escaped() -> None:
    splitter = reports.Splitter()
    output = (HEADING + REPORT).encode().replace(b"vda", b"v\xffa")
    assert list(splitter.feed(output)) == [HEADING + REPORT.replace("vda", r"v\xffa")]


@pytest.mark.parametrize(
    "endless",
    [b"x" * 1000, b"x\n" * 500, b"\n" * 1000, ("é" * 249 + "\n").encode() * 2],
    ids=["a line", "lines", "blank lines", "letters of two bytes"],
)
def test_a_report_without_end_is_refused(endless: bytes) -> None:
    splitter = reports.Splitter()
    for _ in range(131):
        assert list(splitter.feed(endless)) == []
    with pytest.raises(errors.MachineFailed) as caught:
        list(splitter.feed(endless))
    assert str(caught.value) == "iostat wrote a report of more than 131072 bytes."


def test_many_reports_at_once_may_be_longer_than_the_limit_of_one() -> None:
    output = HEADING + REPORT + ("\n" + REPORT) * 1600 + "\n"
    assert len(output) > 2 * reports.MAX_BYTES
    assert split(output, size=len(output)) == [HEADING + REPORT, *["\n" + REPORT] * 1600, "\n"]


@iostats.needs("iostat")
def test_the_reports_of_iostat_come_live_and_join_to_its_output() -> None:
    times, texts = [], []
    with iostats.start("-d", "1", "2") as process:
        with ThisMachine(os.environ["PATH"]).open(Window(2, 1)) as feed:
            for text in feed:
                times.append(time.monotonic())
                texts.append(text)
        output = process.communicate()[0]
    assert layout("".join(texts)) == layout(output)
    assert [text.count("Device") for text in texts] == [1, 1]
    assert times[1] - times[0] > 0.5


@iostats.needs("iostat")
def test_a_window_of_two_runs_has_the_text_of_one_iostat() -> None:
    machine, window = ThisMachine(os.environ["PATH"]), Window(3, 1)
    with iostats.start("-d", "1", "3") as process:
        with machine.open(window) as feed:
            texts = list(itertools.islice(feed, 2))
        with machine.open(window, first=2) as feed:
            texts += feed
        output = process.communicate()[0]
    assert layout("".join(texts)) == layout(output)
