"""The indexes of open tasks: which are running, which have not ended, and whose they are."""

import heapq
from collections.abc import Iterator

from chalicelib.aws import task_items
from chalicelib.aws.dynamodb import Table
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.model import LOGIN_VERSION, OPEN_VERSION

#: Tasks that are read at once of each partition.
_PAGE = 250


def running(tasks: Table) -> Iterator[str]:
    """Give the ids of tasks that a run has a lease on, those of users first."""
    for version in (LOGIN_VERSION, OPEN_VERSION):
        for shard in task_items.shards(version):
            found = tasks.query("#running = :shard", {"shard": shard}, IndexName="running")
            yield from (item["task_id"]["S"] for item in found)


def unended(tasks: Table, version: str, after: Cursor | None) -> Iterator[Cursor]:
    """Give the open tasks of a version, the oldest first; with `after`, those behind it."""
    begin = after or Cursor(0, "")
    shards = [_unended_in(tasks, shard, begin) for shard in task_items.shards(version)]
    for place in heapq.merge(*shards):
        # An index has no order of the ids of one moment: one that is left out here comes next time.
        if place > begin:
            yield place


def _unended_in(tasks: Table, shard: str, begin: Cursor) -> Iterator[Cursor]:
    found = tasks.query(
        "#unended = :shard AND #created_at >= :begin",
        {"shard": shard, "begin": begin.created_at},
        IndexName="unended",
        Limit=_PAGE,
    )
    for item in found:
        yield Cursor(float(item["created_at"]["N"]), item["task_id"]["S"])


def due(tasks: Table, now: float) -> Iterator[str]:
    """Give the ids of tasks of the release before that are due by `now`."""
    for shard in task_items.OLD_SHARDS:
        values = {"shard": shard, "now": now}
        found = tasks.query("#open = :shard AND #due_at <= :now", values, IndexName="open")
        yield from (item["task_id"]["S"] for item in found)


def count_open(tasks: Table, version: str, most: int) -> int:
    """Count the open tasks of a version, up to `most`."""
    seen = 0
    for shard in task_items.shards(version):
        seen += _count(tasks, "#unended = :it", shard, "unended", most - seen)
    return seen


def count_opened_by(tasks: Table, source: str, most: int) -> int:
    """Count the open tasks of v2 that came from a source address, up to `most`."""
    return _count(tasks, "#opened_by = :it", source, "by_source", most)


def _count(tasks: Table, condition: str, it: str, index: str, most: int) -> int:
    return tasks.count(condition, {"it": it}, most=most, IndexName=index) if most > 0 else 0
