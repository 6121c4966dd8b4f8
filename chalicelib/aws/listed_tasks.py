"""The index of v3's list of tasks: all of them, also those that have ended."""

import heapq
from collections.abc import Iterator
from typing import Any

from chalicelib.aws import task_items
from chalicelib.aws.dynamodb import Table
from chalicelib.aws.items import to_item
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.model import LOGIN_VERSION

#: The partitions, in the order in which they give tasks of the same moment, such as those of a
#: group. So a place in the list says how far each partition was read.
_PARTITIONS = [*task_items.shards(LOGIN_VERSION), task_items.LISTED_BEFORE]


def newest(tasks: Table, after: Cursor | None, batch: int) -> Iterator[Cursor]:
    """Give the places of the list, the newest first; with `after`, those that follow it.

    Each partition is read half a `batch` at a time: most have less than that of a page.
    """
    found = [_of(tasks, partition, after, batch // 2 + 1) for partition in _PARTITIONS]
    return heapq.merge(*found, key=lambda place: -place.created_at)


def _of(tasks: Table, partition: str, after: Cursor | None, most: int) -> Iterator[Cursor]:
    condition, values = "#listed = :listed", dict[str, object](listed=partition)
    start = dict[str, Any]()
    if after is not None:
        condition, values, start = _behind(after, partition, condition, values)
    found = tasks.query(
        condition, values, IndexName="listed", ScanIndexForward=False, Limit=most, **start
    )
    for item in found:
        yield Cursor(float(item["created_at"]["N"]), item["task_id"]["S"])


def _behind(
    after: Cursor, partition: str, condition: str, values: dict[str, object]
) -> tuple[str, dict[str, object], dict[str, Any]]:
    """Give the condition, its values and the key after which a partition goes on."""
    own = task_items.shard_of(LOGIN_VERSION, after.task_id)
    if partition in (own, task_items.LISTED_BEFORE):
        key = {"listed": partition, "created_at": after.created_at, "task_id": after.task_id}
        return condition, values, {"ExclusiveStartKey": to_item(key)}
    # Of the same moment, the partitions before its own have given all, and those behind it none.
    given = _PARTITIONS.index(partition) < _PARTITIONS.index(own)
    compared = "#created_at < :after" if given else "#created_at <= :after"
    return f"{condition} AND {compared}", {**values, "after": after.created_at}, {}
