"""Writers that are killed at random: python -m tests.support.killed_writers FOLDER TIMES.

Each writer keeps a journal in the folder and says each request that is acknowledged. After each
kill the journal must have them all. moto is imported once; the writers are forks.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from local.cloud.journal import Journal
from tests.support.kept_tables import REPORTS, TASKS, Tables, report

#: Reports that are kept; each request deletes the one before these.
_REPORTS = 40
_TEXT = "a report of some length " * 80


def write(folder: Path, number: int, acknowledged: int) -> None:
    """Write from `number` on, and say each number that is durable, until somebody kills us."""
    tables = Tables(Journal(folder))
    slices = tables.journal.slices(tables.backend)
    while True:
        # Two tasks and two reports in one request: all four or none.
        steps = [
            {"Put": {"TableName": TASKS, "Item": {"task_id": {"S": name}, "n": {"N": str(number)}}}}
            for name in ("first", "second")
        ]
        steps.append({"Put": {"TableName": REPORTS, "Item": report("r", number, _TEXT)}})
        key = {"task_id": {"S": "r"}, "index": {"N": str(number - _REPORTS)}}
        steps.append({"Delete": {"TableName": REPORTS, "Key": key}})
        tables.backend.transact_write_items(steps)
        tables.journal.note(tables.backend, "TransactWriteItems", {"TransactItems": steps})
        tables.journal.flush()
        os.write(acknowledged, b"%d\n" % number)
        number += 1
        if next(slices, slices) is slices:
            slices = tables.journal.slices(tables.backend)


def kill_one(folder: Path, number: int, chance: random.Random) -> int:
    """Start a writer, kill it after some requests; give the last number that it acknowledged."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write(folder, number, writer)
        finally:
            os._exit(1)
    os.close(writer)
    said = os.read(reader, 4096)
    time.sleep(chance.uniform(0, 0.08))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    while more := os.read(reader, 65_536):
        said += more
    os.close(reader)
    return int(said.split()[-1])


def found(folder: Path) -> int:
    """Give the last number that is in the journal, all of it."""
    journal = Journal(folder)
    items = Tables(journal).state().values()
    journal.close()
    tasks = [int(item["n"]["N"]) for item in items if "n" in item]
    reports = sorted(int(item["index"]["N"]) for item in items if "index" in item)
    last = reports[-1]
    assert tasks == [last, last]
    assert reports == list(range(max(1, last - _REPORTS + 1), last + 1))
    return last


def main() -> None:
    """Kill writers, one after the other, and look after each."""
    folder, times = Path(sys.argv[1]), int(sys.argv[2])
    chance = random.Random()
    last = 0
    for _ in range(times):
        acknowledged = kill_one(folder, last + 1, chance)
        last = found(folder)
        # One more may be durable, and its writer was killed before it could say so.
        assert last - acknowledged in (0, 1), f"{acknowledged} were acknowledged, {last} found"
    print(f"{times} killed, {last} requests acknowledged and found")


if __name__ == "__main__":
    main()
