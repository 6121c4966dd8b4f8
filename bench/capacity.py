"""The units of DynamoDB's on-demand mode that a call uses.

The rules are those of AWS's developer guide: "Read and write operations", "DynamoDB item sizes and
formats", where a number's size is an approximation, and "Using Global Secondary Indexes". A
transaction costs twice as much in its table, but not in the indexes: the guide does not say so, but
DynamoDB itself does.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

#: An item as DynamoDB writes it; empty if there is no item.
Item = Mapping[str, Any]
#: Bytes that one unit reads or writes.
_READ, _WRITE = 4096, 1024


class Index(NamedTuple):
    """An index: the attributes that an item needs to be on it, and those that it has there."""

    keys: frozenset[str]
    #: None for all attributes.
    attributes: frozenset[str] | None


class Table(NamedTuple):
    """A table: the attributes of its key, and its indexes."""

    keys: frozenset[str]
    indexes: Sequence[Index]


#: A table, and an item before and after a write. Both are equal if the write was refused.
Change = tuple[Table, Item, Item]


def tables(template: Mapping[str, Any], stage: str) -> dict[str, Table]:
    """Give the tables of a CloudFormation template, by their names in a stage."""
    found = [it["Properties"] for it in template["Resources"].values() if "Table" in it["Type"]]
    return {it["TableName"]["Fn::Sub"].replace("${Stage}", stage): _table(it) for it in found}


def _table(properties: Mapping[str, Any]) -> Table:
    own, indexes = _keys(properties), []
    for it in properties.get("GlobalSecondaryIndexes", []):
        keys, projection = _keys(it), it["Projection"]
        some = own | keys | {*projection.get("NonKeyAttributes", [])}
        indexes.append(Index(keys, None if projection["ProjectionType"] == "ALL" else some))
    return Table(own, indexes)


def _keys(described: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(it["AttributeName"] for it in described["KeySchema"])


def used(
    operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any], changes: Iterable[Change]
) -> tuple[float, int]:
    """Give the units that a call reads and writes. Raises ValueError if it has no rule here."""
    match operation:
        case "GetItem" | "Query":
            return _read(answer.get("Items", [answer.get("Item", {})]), asked), 0
        case "BatchGetItem":
            batches = asked["RequestItems"].items()
            return sum(_batch(answer["Responses"][it], batch) for it, batch in batches), 0
        case "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems":
            times = 2 if operation == "TransactWriteItems" else 1
            return 0, sum(times * _write(*both) + _moved(it, *both) for it, *both in changes)
    raise ValueError(operation)


def _read(items: Iterable[Item], asked: Mapping[str, Any]) -> float:
    """Give the units of one read: the sum of its sizes is rounded up, to one unit at least."""
    units = max(math.ceil(sum(map(size, items)) / _READ), 1)
    return units if asked.get("ConsistentRead") else units / 2


def _batch(found: list[Item], asked: Mapping[str, Any]) -> float:
    """Give the units of a batch: each key is a read of its own, even if it has no item."""
    missing: list[Item] = [{}] * (len(asked["Keys"]) - len(found))
    return sum(_read([item], asked) for item in found + missing)


def _write(*items: Item) -> int:
    return max(math.ceil(max(map(size, items)) / _WRITE), 1)


def _moved(table: Table, before: Item, after: Item) -> int:
    """Give the units of the indexes.

    An entry that stays as it is costs nothing. One whose key changes is deleted and written again.
    """
    units = 0
    for index in table.indexes:
        old, new = _entry(before, index), _entry(after, index)
        if any(old.get(key) != new.get(key) for key in index.keys):
            units += sum(_write(entry) for entry in (old, new) if entry)
        elif old != new:
            units += _write(old, new)
    return units


def _entry(item: Item, index: Index) -> Item:
    """Give what an index has of an item; nothing if the item is not on it."""
    kept = item.keys() if index.attributes is None else item.keys() & index.attributes
    return {name: item[name] for name in kept} if index.keys <= item.keys() else {}


def size(item: Item) -> int:
    """Give the bytes of an item: of its names and its values."""
    return sum(len(name.encode()) + _value(typed) for name, typed in item.items())


def _value(typed: Mapping[str, Any]) -> int:
    ((kind, thing),) = typed.items()
    match kind:
        case "N":
            digits = "".join(map(str, Decimal(thing).as_tuple().digits)).strip("0")
            return math.ceil(len(digits) / 2) + 1
        case "L" | "M":
            return 3 + len(thing) + (size(thing) if kind == "M" else sum(map(_value, thing)))
    return 1 if kind == "BOOL" else len(thing.encode())
