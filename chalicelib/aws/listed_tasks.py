"""The index of v3's list of tasks: all of them, also those that have ended."""

import heapq
from collections.abc import Iterator
from typing import Any

from chalicelib.aws import task_items
from chalicelib.aws.dynamodb import Table
from chalicelib.aws.items import to_item, value
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.model import LOGIN_VERSION

#: The partitions, in the order in which they give tasks of the same moment, such as those of a
#: group. So a place in the list says how far each partition was read.
_PARTITIONS = [*task_items.shards(LOGIN_VERSION), task_items.LISTED_BEFORE]


def newest(tasks: Table, after: Cursor | None, batch: int) -> Iterator[Cursor]:
    """Give the places of the list, the newest first; with `after`, those that follow it.

    Each partition is read half a `batch` at a time: most have less than that of a page.
    """
    most = batch // 2 + 1
    if after is None:
        found = [_of(tasks, partition, most) for partition in _PARTITIONS]
    else:
        own = _partition(tasks, after.task_id)
        found = [_behind(tasks, partition, after, own, most) for partition in _PARTITIONS]
    return heapq.merge(*found, key=lambda place: -place.created_at)


def _partition(tasks: Table, task_id: str) -> str:
    """Give the partition of a task. Its item says it: a group may be of two releases."""
    item = tasks.get(task_items.key(task_id))
    if item and item.get("listed") == value(task_items.LISTED_BEFORE):
        return task_items.LISTED_BEFORE
    return task_items.shard_of(LOGIN_VERSION, task_id)


def _behind(tasks: Table, partition: str, after: Cursor, own: str, most: int) -> Iterator[Cursor]:
    """Give the places of a partition that follow `after`, which is in the partition `own`."""
    if partition == own:
        key = {"listed": own, "created_at": after.created_at, "task_id": after.task_id}
        return _of(tasks, partition, most, ExclusiveStartKey=to_item(key))
    # Of the same moment, the partitions before its own have given all, and those behind it none.
    given = _PARTITIONS.index(partition) < _PARTITIONS.index(own)
    bound = "#created_at < :after" if given else "#created_at <= :after"
    return _of(tasks, partition, most, bound, after.created_at)


def _of(
    tasks: Table, partition: str, most: int, bound: str = "", after: float = 0, **start: Any
) -> Iterator[Cursor]:
    condition, values = "#listed = :listed", dict[str, object](listed=partition)
    if bound:
        condition, values = f"{condition} AND {bound}", {**values, "after": after}
    found = tasks.query(
        condition, values, IndexName="listed", ScanIndexForward=False, Limit=most, **start
    )
    for item in found:
        yield Cursor(float(item["created_at"]["N"]), item["task_id"]["S"])
