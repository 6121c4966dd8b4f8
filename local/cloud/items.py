"""moto's items, read straight: only those of texts, numbers and booleans."""

import re
from collections.abc import Mapping
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from local.cloud.answers import Unusual

#: A number that moto stores and gives back as it is, far from all of its limits.
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?")
#: The types of values that are known here.
PLAIN = ("S", "N", "BOOL")
#: Characters of a key up to which nobody need ask whether it is too long.
_SHORT_KEY = 200

Key = tuple[DynamoType, DynamoType | None]


def value(raw: Any) -> DynamoType:
    """Read a value of a request."""
    ((kind, given),) = raw.items()
    if kind == "BOOL":
        known = type(given) is bool
    elif kind == "N":
        known = type(given) is str and _NUMBER.fullmatch(given) is not None
    else:
        known = kind == "S" and type(given) is str
    if not known:
        raise Unusual
    return DynamoType(raw)


def values(raw: Mapping[str, Any]) -> dict[str, DynamoType]:
    """Read several."""
    return {name: value(it) for name, it in raw.items()}


def shown(item: Item) -> dict[str, Any]:
    """Write an item for an answer."""
    attributes = {name: {it.type: it.value} for name, it in item.attrs.items()}
    if any(it.type not in PLAIN for it in item.attrs.values()):
        raise Unusual
    return attributes


def size(attributes: Mapping[str, DynamoType]) -> int:
    """Count the bytes of an item of plain values as moto does."""
    total = 0
    for name, it in attributes.items():
        if it.type == "BOOL":
            total += len(name.encode()) + 1
        elif it.type in PLAIN:
            total += len(name.encode()) + len(it.value.encode())
        else:
            raise Unusual
    return total


def table(backend: DynamoDBBackend, name: Any) -> Table:
    """Give the table of that name."""
    found = backend.tables[name]
    if found.stream_shard is not None:
        raise Unusual
    return found


def key(table: Table, raw: Mapping[str, Any]) -> Key:
    """Read the key of an item, which has to be all of it and of the right types."""
    if raw.keys() != {*table.table_key_attrs}:
        raise Unusual
    return key_of(table, values(raw))


def key_of(table: Table, attributes: Mapping[str, DynamoType]) -> Key:
    """Give the key among an item's attributes."""
    first = attributes[table.hash_key_attr]
    second = None if table.range_key_attr is None else attributes[table.range_key_attr]
    if not fits(first, table.hash_key_type):
        raise Unusual
    if second is not None and not fits(second, table.range_key_type):
        raise Unusual
    return first, second


def fits(it: DynamoType, kind: str | None) -> bool:
    """Say whether a value can be a key of that type."""
    return it.type == kind and kind in ("S", "N") and 0 < len(it.value) <= _SHORT_KEY


def target(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> tuple[Table, Key]:
    """Give the table and the key of the item that a write is for."""
    into = table(backend, asked["TableName"])
    raw = asked["Item"] if "Item" in asked else asked["Key"]
    return into, key_of(into, {name: value(raw[name]) for name in into.table_key_attrs})


def find(table: Table, key: Key) -> Item | None:
    """Give the item of a key."""
    first, second = key
    if second is None:
        found: Item | None = table.items.get(first)  # type: ignore[assignment]
        return found
    return table.items.get(first, {}).get(second)
