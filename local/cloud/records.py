"""The journal's records: what one request has left in the tables, as one line with a checksum.

A line is ``CHECKSUM START CHANGES``. CHANGES is a JSON list with the table, the key and the whole
item of each change; the item is null where it was deleted. So records can be applied twice, and
the last one of an item counts. START is the place in the file where the write began that brought
the line, often with others. It tells a write that was cut off from damage to what was complete.
"""

import re
import zlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item

#: A table's name, the key of an item, and the item, None if it was deleted.
Change = tuple[str, dict[str, Any], dict[str, Any] | None]

#: The actions whose writes can be recorded.
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})
#: The last record of a compacted journal: it shows that all records before it were complete.
SEAL = b"[]"

_LINE = re.compile(rb"([0-9a-f]{8}) ((\d{1,18}) ([^\n]*))\n")
#: The same at every place, even inside another line: the end of that line may be damaged.
_ANYWHERE = re.compile(b"(?=" + _LINE.pattern + b")")

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(list[Change]).decode


class Damaged(Exception):
    """A record that was complete has a wrong checksum. `line` is its number, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is damaged")
        self.line = line


class Unknown(Exception):
    """A record is about a table that is not there, or has other keys. `table` is its name."""

    def __init__(self, table: str) -> None:
        super().__init__(f"the table {table} is unknown")
        self.table = table


def line(start: int, changes: bytes) -> bytes:
    """Write one record of a write that begins at `start` in the file."""
    body = b"%d %b" % (start, changes)
    return b"%08x %b\n" % (zlib.crc32(body), body)


def split(data: bytes) -> tuple[list[bytes], int]:
    """Give the CHANGES of every record, and at which byte the complete records end.

    What comes after that is the rest of a last write that was cut off. Raises Damaged.
    """
    records: list[bytes] = []
    end = 0
    while end < len(data):
        found = _LINE.match(data, end)
        if not found or not _is_whole(found):
            # A later write begins after an earlier one was durable. So if there is one, the record
            # was complete once. The pages of one write may reach the disk in any order.
            later = _ANYWHERE.finditer(data, end + 1)
            if any(int(it[3]) > end and _is_whole(it) for it in later):
                raise Damaged(len(records) + 1)
            break
        records.append(found[4])
        end = found.end()
    return records, end


def _is_whole(found: re.Match[bytes]) -> bool:
    return zlib.crc32(found[2]) == int(found[1], 16)


def left_by(
    tables: DynamoDBBackend, kept: Collection[str], action: str, asked: Mapping[str, Any]
) -> list[Change]:
    """Give what a request has left of each item that it wrote, in the tables that are kept."""
    changes: list[Change] = []
    for step in _steps(action, asked):
        table = tables.get_table(step["TableName"])
        if table.name in kept:
            given = step["Key"] if "Key" in step else step["Item"]
            item = table.get_item(*tables.get_keys_value(table, given))
            key = {name: given[name] for name in table.table_key_attrs}
            changes.append((table.name, key, attributes(item) if item else None))
    return changes


def attributes(item: Item) -> dict[str, Any]:
    """Give the attributes of an item as DynamoDB writes them."""
    found: dict[str, Any] = item.to_json()["Attributes"]
    return found


def apply(tables: DynamoDBBackend, change: Change) -> None:
    """Make a change in moto's tables. Raises Unknown."""
    name, key, item = change
    table = tables.tables.get(name)
    if table is None or set(key) != set(table.table_key_attrs):
        raise Unknown(name)
    first, second = tables.get_keys_value(table, key)
    if item is None:
        table.delete_item(first, second)
        return
    made = Item(first, second, {})
    # One attribute at a time, moto would add up the item's size each time.
    made.attrs.update({attribute: DynamoType(value) for attribute, value in item.items()})
    if second is None:
        table.items[first] = made  # type: ignore[assignment]
    else:
        table.items[first][second] = made


def _steps(action: str, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give each single write of a request, with its table and its key or item."""
    if action == "TransactWriteItems":
        for named in asked["TransactItems"]:
            yield from (step for kind, step in named.items() if kind != "ConditionCheck")
    elif action == "BatchWriteItem":
        for table, requests in asked["RequestItems"].items():
            for named in requests:
                yield from ({"TableName": table, **step} for step in named.values())
    elif action in WRITES:
        yield asked
