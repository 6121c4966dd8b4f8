"""What /proc gives, beside what iostat of sysstat 12.6 printed of the same two snapshots.

Each file in ``golden`` has the snapshots of one kernel, and the reports of a real iostat that found
them in its /proc and /sys. The devices are idle, busy, never used, gone, new, and replaced by
another one; one counter of milliseconds begins again at 0. The first block of iostat, which names
the machine, is left out.
"""

import re
from pathlib import Path

import pytest

from chalicelib.measure import procfs
from chalicelib.measure import splitter as reports
from chalicelib.measure.model import Window
from chalicelib.measure.procfs import Snapshot

FOLDER = Path(__file__).with_name("golden")
KERNELS = ("without-discards", "without-flushes", "all-counters")
OPTIONS = {
    "-d": Window(2, 1),
    "-d -x": Window(2, 1, extended=True),
    "-d -c": Window(2, 1, cpu=True),
    "-d -x -c": Window(2, 1, extended=True, cpu=True),
}


def sections(kernel: str) -> dict[str, str]:
    """Give the parts of a file by their titles."""
    parts = re.split(r"^== (.+)\n", (FOLDER / f"{kernel}.txt").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def snapshot(root: Path, files: dict[str, str], moment: str, window: Window) -> Snapshot:
    (root / "proc").mkdir(parents=True)
    for name in ("uptime", "stat", "diskstats"):
        (root / "proc" / name).write_text(files[f"{moment} {name}"])
    for disk in ("sda", "vda", "nvme0n1", "cciss!c0d0", "loop0", "dm-0"):
        (root / "sys/block" / disk).mkdir(parents=True)
    return procfs.snapshot(root, window)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("options", OPTIONS)
def test_the_text_of_proc_is_that_of_iostat_to_the_byte(
    tmp_path: Path, kernel: str, options: str
) -> None:
    files, window = sections(kernel), OPTIONS[options]
    before = snapshot(tmp_path / "before", files, "before", window)
    after = snapshot(tmp_path / "after", files, "after", window)
    since_boot = procfs.report(Snapshot(), before, window)
    later = procfs.report(before, after, window)
    assert f"{since_boot}\n{later}\n" == files[f"iostat {options} 1 2"]


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("first", [0, 1])
def test_the_output_of_iostat_is_split_into_its_reports(
    options: str, size: int, first: int
) -> None:
    printed = sections("all-counters")[f"iostat {options} 1 2"]
    heading = "Linux 6.1.0 (web-1) \t2026-01-02 \t_x86_64_\t(4 CPU)\n\n"
    output = (heading + printed).encode()
    splitter = reports.Splitter(first=first)
    chunks = [output[start : start + size] for start in range(0, len(output), size)]
    texts = [text for chunk in chunks for text in splitter.feed(chunk)]
    assert len(texts) == 2
    assert "".join(texts) + splitter.tail() == (printed if first else heading + printed)
    assert [text.count("Device") for text in texts] == [1, 1]
    assert [text.count("avg-cpu") for text in texts] == [1, 1] if "-c" in options else [0, 0]
