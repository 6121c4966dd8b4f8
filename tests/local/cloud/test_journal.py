"""The journal: what it keeps, what it refuses, and what it says of a disk in trouble."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from local.cloud.journal import Broken, Journal, Refused
from tests.support.fake_disk import FakeDisk
from tests.support.journals import start, started_again, written
from tests.support.kept_tables import REPORTS, TASKS, Tables, empty, report

EVERY_TYPE: dict[str, Any] = {
    "task_id": {"S": "every\ntype \u2028 ü"},
    "S": {"S": ""},
    "N": {"N": "3.1400000000000000000000000000000000001"},
    "B": {"B": "aGVsbG8="},
    "BOOL": {"BOOL": False},
    "NULL": {"NULL": True},
    "SS": {"SS": ["a", "b"]},
    "NS": {"NS": ["1", "2.5"]},
    "BS": {"BS": ["aGVsbG8="]},
    "L": {"L": [{"L": [{"N": "1"}, {"B": "aGVsbG8="}]}, {"M": {"x": {"BOOL": True}}}]},
    "M": {"M": {"a": {"M": {"b": {"L": [{"NULL": True}]}}}, "B": {"B": "aGVsbG8="}}},
}


def test_what_was_flushed_is_there_again(folder: Path) -> None:
    tables = start(folder)
    assert tables.found == 0
    tables.put("a", state="QUEUED")
    tables.put("b")
    tables.update("a", "STARTED")
    tables.update("c", "made by an update")
    tables.transact("d", 0, delete="b", text="both or none")
    tables.write_reports("d", "second", put=1, delete=0)
    tables.put_item(EVERY_TYPE)
    tables.journal.flush()
    was = tables.state()
    assert len(was) == 5
    assert started_again(folder, tables) == was


def test_it_counts_the_items_that_are_there(folder: Path) -> None:
    tables = start(folder)
    tables.transact("d", 0, delete="b", text="")
    tables.journal.flush()
    tables.journal.close()
    again = start(folder)
    assert again.found == 2
    again.journal.close()


def test_what_was_noted_and_not_flushed_is_gone(folder: Path) -> None:
    tables = start(folder)
    tables.put("a")
    assert started_again(folder, tables) == {}


def test_an_item_deleted_and_put_again_is_there_as_it_was_last(folder: Path) -> None:
    tables = start(folder)
    for text in ("first", "second"):
        tables.put("a", text=text)
        tables.delete("a")
    tables.put("a", text="third")
    tables.delete("b")
    tables.journal.flush()
    (item,) = started_again(folder, tables).values()
    assert item["text"] == {"S": "third"}


def test_conditions_reads_and_the_tables_of_others_are_not_recorded(folder: Path) -> None:
    tables = start(folder)
    check = {"TableName": TASKS, "Key": {"task_id": {"S": "a"}}, "ConditionExpression": "x"}
    note = tables.journal.note
    note(tables.backend, "TransactWriteItems", {"TransactItems": [{"ConditionCheck": check}]})
    note(tables.backend, "GetItem", check)
    other = tables.backend.tables.pop(REPORTS)
    other.name = "other"
    tables.backend.tables["other"] = other
    item = report("a", 0, "")
    note(tables.backend, "PutItem", {"TableName": "other", "Item": item})
    size = (folder / "journal").stat().st_size
    tables.journal.flush()
    assert (folder / "journal").stat().st_size == size
    tables.journal.close()


def test_one_flush_is_one_write_and_one_sync(folder: Path) -> None:
    calls: list[int] = []
    journal = Journal(folder, sync=calls.append)
    tables = Tables(journal)
    before = len(calls)
    for name in "abc":
        tables.put(name)
    journal.flush()
    assert len(calls) == before + 1
    journal.flush()
    assert len(calls) == before + 1
    journal.close()


@pytest.mark.parametrize("end", [b"00000000 9 []\n", b"12", b"\n", b"\0" * 600])
def test_a_last_write_that_was_cut_off_is_cut_and_said(
    folder: Path, end: bytes, logged: list[tuple[str, dict[str, object]]]
) -> None:
    whole = b"".join(written(folder))
    (folder / "journal").write_bytes(whole + end)
    tables = start(folder)
    assert tables.found == 3
    where = str(folder / "journal")
    assert logged == [("journal cut", {"file": where, "lost_bytes": len(end)})]
    assert started_again(folder, tables) == tables.state()
    assert len(logged) == 1


def test_a_last_write_may_lack_its_beginning_alone(folder: Path) -> None:
    tables = start(folder)
    for _ in range(9):
        tables.put("acknowledged", text="x" * 1000)
        tables.journal.flush()
    # From here on the journal is shorter than it was.
    tables.journal.compact(tables.backend)
    size = (folder / "journal").stat().st_size
    was = tables.state()
    for name in "abc":
        tables.put(name)
    tables.journal.flush()
    # Its pages may reach the disk in any order. This is what is there if the first is late.
    with (folder / "journal").open("r+b") as file:
        file.seek(size)
        file.write(b"\0" * 40)
    assert started_again(folder, tables) == was


def test_damage_before_the_last_write_is_refused_and_nothing_is_changed(folder: Path) -> None:
    lines = written(folder)
    lines[2] = lines[2].replace(b'"S":"b"', b'"S":"x"')
    (folder / "journal").write_bytes(b"".join(lines))
    with pytest.raises(Refused, match=r"damaged in line 3, .* a copy of the folder .* delete the"):
        start(folder)
    assert (folder / "journal").read_bytes() == b"".join(lines)
    # As the sentence says:
    (folder / "journal").write_bytes(b"".join(lines[:2] + lines[3:]))
    tables = start(folder)
    assert [item["task_id"]["S"] for item in tables.state().values()] == ["a", "c"]
    tables.journal.close()


def test_a_line_that_ran_into_the_last_one_is_damage_too(folder: Path) -> None:
    lines = written(folder)
    (folder / "journal").write_bytes(b"".join(lines[:2]) + lines[2][:-1] + b"?" + lines[3])
    with pytest.raises(Refused, match="damaged in line 3"):
        start(folder)


def test_a_table_that_is_no_more_is_refused(folder: Path) -> None:
    written(folder)
    tables = empty()
    del tables.tables[TASKS]
    journal = Journal(folder)
    with pytest.raises(Refused, match=f"items of the table {TASKS}, .* Start the version"):
        journal.load(tables)
    journal.close()


def test_what_moto_leaves_of_items_that_are_not_there_is_taken_away(folder: Path) -> None:
    tables = start(folder)
    key = {"task_id": {"S": "nobody's"}, "index": {"N": "0"}}
    assert tables.backend.get_item(REPORTS, key) is None
    assert len(tables.backend.tables[REPORTS].items) == 1
    tables.journal.compact(tables.backend)
    assert len(tables.backend.tables[REPORTS].items) == 0
    tables.journal.close()


@pytest.mark.parametrize(
    ("call", "error"),
    [("write", errno.ENOSPC), ("write", "short"), ("write", errno.EIO), ("fdatasync", errno.EIO)],
)
def test_a_disk_in_trouble_acknowledges_nothing_ever_after(call: str, error: str | int) -> None:
    disk = FakeDisk()
    tables = Tables(Journal(Path("/data"), disk=disk))
    tables.put("a")
    tables.journal.flush()
    acknowledged = tables.state()
    tables.put("b")
    disk.failing[call] = error
    reason = os.strerror(errno.ENOSPC if error == "short" else int(error))
    with pytest.raises(Broken, match=rf"journal in /data cannot be written: {reason}\. Everything"):
        tables.journal.flush()
    disk.failing.clear()
    with pytest.raises(Broken):
        tables.journal.flush()
    for kept in (0, 1):
        after = disk.after_crash(lambda most, kept=kept: most * kept)  # type: ignore[misc]
        again = Tables(Journal(Path("/data"), disk=after)).state()
        assert acknowledged.items() <= again.items()
