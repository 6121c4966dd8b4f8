"""moto's items, written straight: a write is checked first, and made when nothing can fail."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from local.cloud import conditions, items, orders, updates
from local.cloud.answers import Unmet, Unusual

#: Bytes of an item up to which nobody need ask whether it is too long.
_SHORT = 300_000

_CONDITION = {
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValuesOnConditionCheckFailure",
}
_PUT = {"TableName", "Item"} | _CONDITION
_UPDATE = {"TableName", "Key", "UpdateExpression"} | _CONDITION
_DELETE = {"TableName", "Key"} | _CONDITION


class Write(NamedTuple):
    """A write whose condition holds: what the item of a key becomes, None for a deletion."""

    table: Table
    key: items.Key
    after: Item | None

    def make(self) -> None:
        """Do it."""
        known = orders.known(self.table)
        before = items.find(self.table, self.key) is not None
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
        stored: Any = self.table.items
        if self.after is None and second is None:
            stored.pop(first, None)
        elif self.after is None:
            stored[first].pop(second, None)
        elif second is None:
            stored[first] = self.after
        else:
            stored[first][second] = self.after


def put(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> Write:
    """Prepare PutItem. Raises Unmet."""
    if not asked.keys() <= _PUT:
        raise Unusual
    into, attributes = items.table(backend, asked["TableName"]), items.values(asked["Item"])
    own = items.key_of(into, attributes)
    if items.size(attributes) > _SHORT:
        raise Unusual
    _check_index_keys(into, attributes)
    _check(asked, items.find(into, own), frozenset(), frozenset())
    return Write(into, own, _item(own, attributes))


def delete(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> Write:
    """Prepare DeleteItem. Raises Unmet."""
    if not asked.keys() <= _DELETE:
        raise Unusual
    of = items.table(backend, asked["TableName"])
    own = items.key(of, asked["Key"])
    _check(asked, items.find(of, own), frozenset(), frozenset())
    return Write(of, own, None)


def update(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> Write:
    """Prepare UpdateItem. Raises Unmet."""
    if not asked.keys() <= _UPDATE:
        raise Unusual
    of, plan = items.table(backend, asked["TableName"]), updates.update(asked["UpdateExpression"])
    own = items.key(of, asked["Key"])
    before = items.find(of, own)
    given = _check(asked, before, plan.names, plan.marks)
    names = asked["ExpressionAttributeNames"]
    if not {names[name] for name in plan.names}.isdisjoint(of.table_key_attrs):
        raise Unusual
    old: Mapping[str, DynamoType] = {} if before is None else before.attrs
    sets = {names[name]: read(old, names, given) for name, read in plan.sets}
    gone = {names[name] for name in plan.removes}
    if len(sets) + len(gone) != len(plan.sets) + len(plan.removes) or not gone.isdisjoint(sets):
        raise Unusual
    if any(it.type not in items.PLAIN or it.value == "" for it in sets.values()):
        raise Unusual
    attributes = {**(old or _attributes(of, own)), **sets}
    for name in gone:
        attributes.pop(name, None)
    if items.size(sets) + items.size(old) > _SHORT:
        raise Unusual
    _check_index_keys(of, sets)
    return Write(
        of, own, _item(own if before is None else (before.hash_key, before.range_key), attributes)
    )


def _attributes(table: Table, key: items.Key) -> dict[str, DynamoType]:
    """Give a key as attributes of a new item."""
    return {
        name: it for name, it in zip(table.table_key_attrs, key, strict=False) if it is not None
    }


def _check_index_keys(table: Table, attributes: Mapping[str, DynamoType]) -> None:
    for index in (*table.global_indexes, *table.indexes):
        for name in index.schema_key_attrs:
            found = attributes.get(name)
            if found is not None and (
                found.type not in ("S", "N") or not items.fits(found, found.type)
            ):
                raise Unusual


def _check(
    asked: Mapping[str, Any], item: Item | None, names: frozenset[str], marks: frozenset[str]
) -> dict[str, DynamoType]:
    """Check the condition of a write, and that it has all names and values and none besides.

    Gives the values. Raises Unmet, Unusual.
    """
    given_names: dict[str, str] = asked.get("ExpressionAttributeNames", {})
    given = items.values(asked.get("ExpressionAttributeValues", {}))
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


def _item(key: items.Key, attributes: Mapping[str, DynamoType]) -> Item:
    """Make an item of values that are known to be short: moto adds up all sizes for each value."""
    made = Item(*key, {})
    dict.update(made.attrs, attributes)
    return made
