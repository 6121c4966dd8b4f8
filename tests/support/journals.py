"""A journal that is opened, closed and opened again, and the tables that come of it."""

from pathlib import Path

from local.cloud.journal import Journal
from tests.support.fakes import FakeClock
from tests.support.kept_tables import State, Tables


def start(folder: Path, clock: FakeClock | None = None) -> Tables:
    journal = Journal(folder, clock=clock)
    try:
        return Tables(journal)
    except BaseException:
        journal.close()
        raise


def started_again(folder: Path, tables: Tables, clock: FakeClock | None = None) -> State:
    """Give what is there after a crash: whatever was not flushed is gone."""
    tables.journal.close()
    again = start(folder, clock)
    again.journal.close()
    return again.state()


def written(folder: Path) -> list[bytes]:
    """Give the lines of a journal of three writes, each of one task, without the seal before."""
    tables = start(folder)
    for name in "abc":
        tables.put(name)
        tables.journal.flush()
    tables.journal.close()
    return (folder / "journal").read_bytes().splitlines(keepends=True)
