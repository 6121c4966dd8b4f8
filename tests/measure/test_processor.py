"""The processors of /proc/stat."""

from pathlib import Path

import pytest

from chalicelib.measure import numbers, processor
from chalicelib.measure.processor import Times


@pytest.mark.parametrize(
    ("lines", "times"),
    [
        ("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 9 9 9 9\n", Times(1, 2, 3, 4, 5, 6, 7, 8)),
        ("cpu 1 2 3 4\n", Times(1, 2, 3, 4)),
        ("cpu0 1 2 3 4\n", Times()),
    ],
)
def test_the_line_of_all_processors_is_read(tmp_path: Path, lines: str, times: Times) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/stat").write_text(lines)
    assert processor.read(tmp_path) == times


def test_interrupts_count_as_time_of_the_system() -> None:
    text = processor.text(Times(), Times(40, 10, 5, 25, 2, 3, 5, 10))
    assert text == (
        "avg-cpu:  %user   %nice %system %iowait  %steal   %idle\n"
        "          40.00   10.00   13.00    2.00   10.00   25.00\n\n"
    )
    assert numbers.read_cpu(text) == {
        "%user": 40.0,
        "%nice": 10.0,
        "%system": 13.0,
        "%iowait": 2.0,
        "%steal": 10.0,
        "%idle": 25.0,
    }


@pytest.mark.parametrize("after", [Times(40, idle=60), Times(30, idle=60)], ids=["still", "back"])
def test_times_that_do_not_grow_are_shares_of_zero(after: Times) -> None:
    shares = numbers.read_cpu(processor.text(Times(40, idle=60), after))
    assert shares
    assert set(shares.values()) == {0.0}
