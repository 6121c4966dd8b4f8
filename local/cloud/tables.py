"""moto's tables, read and written straight: only items of texts, numbers and booleans."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from local.cloud import conditions, orders, updates
from local.cloud.answers import Unmet, Unusual

#: A number that moto stores and gives back as it is, far from all of its limits.
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?")
_PLAIN = ("S", "N", "BOOL")
#: Characters of a key, and bytes of an item, up to which nobody need ask whether it is too long.
_SHORT_KEY = 200
_SHORT = 300_000

Key = tuple[DynamoType, DynamoType | None]

_CONDITION = {
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValuesOnConditionCheckFailure",
}
_PUT = {"TableName", "Item"} | _CONDITION
_UPDATE = {"TableName", "Key", "UpdateExpression"} | _CONDITION
_DELETE = {"TableName", "Key"} | _CONDITION


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
    if any(it.type not in _PLAIN for it in item.attrs.values()):
        raise Unusual
    return attributes


def size(attributes: Mapping[str, DynamoType]) -> int:
    """Count the bytes of an item of plain values as moto does."""
    total = 0
    for name, it in attributes.items():
        if it.type == "BOOL":
            total += len(name.encode()) + 1
        elif it.type in _PLAIN:
            total += len(name.encode()) + len(it.value.encode())
        else:
            raise Unusual
    return total


def table(tables: DynamoDBBackend, name: Any) -> Table:
    """Give the table of that name."""
    found = tables.tables[name]
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
    if not _fits(first, table.hash_key_type):
        raise Unusual
    if second is not None and not _fits(second, table.range_key_type):
        raise Unusual
    return first, second


def _fits(it: DynamoType, kind: str | None) -> bool:
    return it.type == kind and kind in ("S", "N") and 0 < len(it.value) <= _SHORT_KEY


def find(table: Table, key: Key) -> Item | None:
    """Give the item of a key."""
    first, second = key
    if second is None:
        found: Item | None = table.items.get(first)  # type: ignore[assignment]
        return found
    return table.items.get(first, {}).get(second)


class Write(NamedTuple):
    """A write whose condition holds: what the item of a key becomes, None for a deletion."""

    table: Table
    key: Key
    after: Item | None

    def make(self) -> None:
        """Do it."""
        known = orders.known(self.table)
        before = find(self.table, self.key) is not None
        self._write()
        if known is None:
            return
        try:
            known.changed(*self.key, (self.after is not None) - before)
        except Exception:
            # The write is made and has to be answered, whatever its item is like.
            orders.forget([self.table])

    def _write(self) -> None:
        first, second = self.key
        items: Any = self.table.items
        if self.after is None and second is None:
            items.pop(first, None)
        elif self.after is None:
            items[first].pop(second, None)
        elif second is None:
            items[first] = self.after
        else:
            items[first][second] = self.after


def put(tables: DynamoDBBackend, asked: Mapping[str, Any]) -> Write:
    """Prepare PutItem. Raises Unmet."""
    if not asked.keys() <= _PUT:
        raise Unusual
    into, attributes = table(tables, asked["TableName"]), values(asked["Item"])
    own = key_of(into, attributes)
    if size(attributes) > _SHORT:
        raise Unusual
    _check_index_keys(into, attributes)
    _check(asked, find(into, own), frozenset(), frozenset())
    return Write(into, own, _item(own, attributes))


def delete(tables: DynamoDBBackend, asked: Mapping[str, Any]) -> Write:
    """Prepare DeleteItem. Raises Unmet."""
    if not asked.keys() <= _DELETE:
        raise Unusual
    of = table(tables, asked["TableName"])
    own = key(of, asked["Key"])
    _check(asked, find(of, own), frozenset(), frozenset())
    return Write(of, own, None)


def update(tables: DynamoDBBackend, asked: Mapping[str, Any]) -> Write:
    """Prepare UpdateItem. Raises Unmet."""
    if not asked.keys() <= _UPDATE:
        raise Unusual
    of, plan = table(tables, asked["TableName"]), updates.update(asked["UpdateExpression"])
    own = key(of, asked["Key"])
    before = find(of, own)
    given = _check(asked, before, plan.names, plan.marks)
    names = asked["ExpressionAttributeNames"]
    if not {names[name] for name in plan.names}.isdisjoint(of.table_key_attrs):
        raise Unusual
    old: Mapping[str, DynamoType] = {} if before is None else before.attrs
    sets = {names[name]: read(old, names, given) for name, read in plan.sets}
    gone = {names[name] for name in plan.removes}
    if len(sets) + len(gone) != len(plan.sets) + len(plan.removes) or not gone.isdisjoint(sets):
        raise Unusual
    if any(it.type not in _PLAIN or it.value == "" for it in sets.values()):
        raise Unusual
    attributes = {**(old or asked_key(of, own)), **sets}
    for name in gone:
        attributes.pop(name, None)
    if size(sets) + size(old) > _SHORT:
        raise Unusual
    _check_index_keys(of, sets)
    return Write(
        of, own, _item(own if before is None else (before.hash_key, before.range_key), attributes)
    )


def asked_key(table: Table, key: Key) -> dict[str, DynamoType]:
    """Give a key as attributes of a new item."""
    return {
        name: it for name, it in zip(table.table_key_attrs, key, strict=False) if it is not None
    }


def _check_index_keys(table: Table, attributes: Mapping[str, DynamoType]) -> None:
    for index in (*table.global_indexes, *table.indexes):
        for name in index.schema_key_attrs:
            found = attributes.get(name)
            if found is not None and (found.type not in ("S", "N") or not _fits(found, found.type)):
                raise Unusual


def _check(
    asked: Mapping[str, Any], item: Item | None, names: frozenset[str], marks: frozenset[str]
) -> dict[str, DynamoType]:
    """Check the condition of a write, and that it has all names and values and none besides.

    Gives the values. Raises Unmet, Unusual.
    """
    given_names: dict[str, str] = asked.get("ExpressionAttributeNames", {})
    given = values(asked.get("ExpressionAttributeValues", {}))
    if not all(type(name) is str for name in given_names.values()):
        raise Unusual
    if asked.get("ReturnValuesOnConditionCheckFailure", "NONE") not in ("NONE", "ALL_OLD"):
        raise Unusual
    rule = conditions.ALWAYS
    if "ConditionExpression" in asked:
        rule = conditions.condition(asked["ConditionExpression"], tuple(given_names.items()))
    if given_names.keys() != names | rule.names or given.keys() != marks | rule.marks:
        raise Unusual
    if any(name in asked and not asked[name] for name in _CONDITION):
        raise Unusual
    if not rule.holds({} if item is None else item.attrs, given):
        raise Unmet
    return given


def _item(key: Key, attributes: Mapping[str, DynamoType]) -> Item:
    """Make an item of values that are known to be short: moto adds up all sizes for each value."""
    made = Item(*key, {})
    dict.update(made.attrs, attributes)
    return made
