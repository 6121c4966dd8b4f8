"""Compaction: a journal gets smaller, at the start and while it runs, and loses nothing by it."""

import errno
from pathlib import Path

import pytest

from local.cloud.folder import Disk
from local.cloud.journal import Broken, Journal
from tests.support.fake_disk import FakeDisk
from tests.support.fakes import FakeClock
from tests.support.journals import start, started_again
from tests.support.kept_tables import REPORTS, USERS, Tables, report


def test_expired_items_go_at_the_start_and_each_hour(folder: Path, clock: FakeClock) -> None:
    tables = start(folder, clock)
    for name, ttl in [("soon", 1_800_000_000 + 1800), ("late", 1_800_000_000 + 36_000)]:
        tables.put_item({"task_id": {"S": name}, "ttl": {"N": str(ttl)}})
    tables.put_item({"task_id": {"S": "a text"}, "ttl": {"S": "1"}})
    user = {"kind": {"S": "user"}, "username": {"S": "ann"}, "ttl": {"N": "1"}}
    tables.put_item(user, USERS)
    tables.put_item({**report("r", 0, "over"), "ttl": {"N": "1"}}, REPORTS)
    tables.journal.flush()
    clock.freeze(3599)
    assert not tables.journal.due_for_compaction
    clock.freeze(1)
    assert tables.journal.due_for_compaction
    tables.journal.compact(tables.backend)
    assert len(tables.state()) == 3
    assert not tables.journal.due_for_compaction
    assert b"soon" not in (folder / "journal").read_bytes()
    clock.freeze(36_000)
    assert len(started_again(folder, tables, clock)) == 2


def test_a_journal_that_has_grown_is_compacted(folder: Path, clock: FakeClock) -> None:
    tables = start(folder, clock)
    text = "x" * 100_000
    writes = 0
    while not tables.journal.due_for_compaction:
        tables.put("a", text=text)
        tables.journal.flush()
        writes += 1
    assert writes == 42
    tables.journal.compact(tables.backend)
    assert (folder / "journal").stat().st_size < 101_000
    assert started_again(folder, tables, clock) == tables.state()


def test_between_slices_the_tables_may_be_written(folder: Path) -> None:
    tables = start(folder)
    for number in range(12):
        tables.put(f"task {number:02}", text="x" * 100_000)
    tables.journal.flush()
    slices = tables.journal.slices(tables.backend)
    next(slices)
    assert not tables.journal.due_for_compaction
    tables.transact("task 00", 0, delete="task 11", text="while it is compacted")
    tables.journal.flush()
    next(slices)
    tables.delete("task 01")
    assert len(list(slices)) >= 2
    was = tables.state()
    assert len(was) == 11
    assert started_again(folder, tables) == was


def test_a_compaction_that_nobody_ends_changes_nothing(folder: Path) -> None:
    tables = start(folder)
    tables.put("a")
    tables.journal.flush()
    slices = tables.journal.slices(tables.backend)
    next(slices)
    slices.close()  # type: ignore[attr-defined]
    tables.put("b")
    tables.journal.flush()
    assert len(started_again(folder, tables)) == 2
    assert not (folder / "journal.new").exists()


def test_a_disk_that_is_full_while_it_compacts_keeps_the_old_journal() -> None:
    disk = FakeDisk()
    tables = Tables(Journal(Path("/data"), disk=disk))
    tables.put("a")
    tables.journal.flush()
    disk.failing["write"] = errno.ENOSPC
    with pytest.raises(Broken, match="No space left"):
        tables.journal.compact(tables.backend)
    with pytest.raises(Broken, match="No space left"):
        Tables(Journal(Path("/data"), disk=disk))
    disk.failing.clear()
    assert Tables(Journal(Path("/data"), disk=disk)).state() == tables.state()


def test_a_disk_that_fails_at_the_end_of_a_compaction_keeps_the_old_journal() -> None:
    disk = FakeDisk()
    tables = Tables(Journal(Path("/data"), disk=disk))
    tables.put("a")
    tables.journal.flush()
    acknowledged = tables.state()
    slices = tables.journal.slices(tables.backend)
    next(slices)
    tables.put("b")
    disk.failing["fdatasync"] = errno.EIO
    with pytest.raises(Broken, match="Input/output error"):
        next(slices)
    after = disk.after_crash(lambda most: 0)
    assert Tables(Journal(Path("/data"), disk=after)).state() == acknowledged


def test_each_slice_is_a_small_write(folder: Path) -> None:
    class Measured(Disk):
        def write(self, file: int, data: bytes) -> int:
            sizes.append(len(data))
            return super().write(file, data)

    sizes: list[int] = []
    tables = Tables(Journal(folder, disk=Measured()))
    for number in range(100):
        tables.put_item(report("r", number, "x" * 20_000), REPORTS)
    tables.journal.flush()
    sizes.clear()
    assert len(list(tables.journal.slices(tables.backend))) == 8
    assert sum(sizes) > 2_000_000
    assert max(sizes) < 300_000
    tables.journal.close()
