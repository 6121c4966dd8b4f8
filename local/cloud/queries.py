"""Queries, answered from the order of keys: moto sorts all of a table for each of them."""

import bisect
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, deserializer, serializer
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT, SecondaryIndex, Table

from local.cloud import conditions, items, orders
from local.cloud.answers import Unusual

_KNOWN = {
    "TableName",
    "IndexName",
    "KeyConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ExclusiveStartKey",
    "Limit",
    "ScanIndexForward",
    "ConsistentRead",
    "Select",
}
#: Above any item that moto stores, in bytes.
_LONGEST = 410_000

_Entries = Sequence[tuple[orders.Place, DynamoType]]


class _Asked(NamedTuple):
    """A query that was read."""

    table: Table
    on: SecondaryIndex | None
    schema: conditions.Schema
    partition: DynamoType
    comparison: str | None
    bounds: list[Any]


class _Page(NamedTuple):
    """What a query finds, and whether there is more."""

    items: list[Item]
    more: bool


def query(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Answer Query."""
    if not asked.keys() <= _KNOWN:
        raise Unusual
    limit, forward = asked.get("Limit"), asked.get("ScanIndexForward", True)
    if limit is not None and (type(limit) is not int or limit < 1):
        raise Unusual
    if type(forward) is not bool:
        raise Unusual
    if asked.get("Select", "COUNT") != "COUNT":
        raise Unusual
    read = _read(backend, asked)
    entries = _entries(read)
    low, high = _matching(entries, read.comparison, read.bounds)
    start = _start(read, asked.get("ExclusiveStartKey"), entries, forward)
    if forward:
        at = range(max(low, start), high)
        after = len(entries) > high
    else:
        at = range(min(high - 1, start), low - 1, -1)
        after = low > 0
    page = _page(read, (entries[i] for i in at), limit, after)
    found: dict[str, Any] = {"Count": len(page.items), "ScannedCount": len(page.items)}
    if "Select" not in asked:
        found["Items"] = [_shown(read, item) for item in page.items]
    if page.more:
        found["LastEvaluatedKey"] = _last(read, page.items[-1])
    return found


def _read(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> _Asked:
    table, name = items.table(backend, asked["TableName"]), asked.get("IndexName")
    index = None
    if "IndexName" in asked:
        (index,) = (it for it in table.all_indexes() if it.name == name)
        first, second = index.schema_key_attrs
        if table.range_key_attr is not None or [it["KeyType"] for it in index.schema] != [
            "HASH",
            "RANGE",
        ]:
            raise Unusual
        _projected(index, table)
    else:
        first, second = table.table_key_attrs
    if type(asked.get("ConsistentRead", False)) is not bool or (
        index and asked.get("ConsistentRead")
    ):
        raise Unusual
    names: dict[str, str] = asked.get("ExpressionAttributeNames", {})
    given = items.values(asked["ExpressionAttributeValues"])
    rule = conditions.keys(asked["KeyConditionExpression"], tuple(names.items()), (first, second))
    if (
        names.keys() != rule.names
        or given.keys() != rule.marks
        or ("ExpressionAttributeNames" in asked and not names)
    ):
        raise Unusual
    kinds = {it["AttributeName"]: it["AttributeType"] for it in table.attr}
    partition, bounds = given[rule.partition], [given[mark] for mark in rule.bounds]
    if partition.type != kinds[first] or any(it.type != kinds[second] for it in bounds):
        raise Unusual
    if any(it.value == "" for it in (partition, *bounds)):
        raise Unusual
    return _Asked(
        table, index, (first, second), partition, rule.comparison, [it.cast_value for it in bounds]
    )


def _entries(read: _Asked) -> _Entries:
    known = orders.of(read.table)
    if read.on is None:
        return known.partition(read.partition)
    return known.index(read.on).entries(read.partition)


def _matching(entries: _Entries, comparison: str | None, bounds: list[Any]) -> tuple[int, int]:
    """Give from where to where the second keys meet their condition."""
    if comparison is None:
        return 0, len(entries)
    left = functools.partial(bisect.bisect_left, entries, key=_second)
    right = functools.partial(bisect.bisect_right, entries, key=_second)
    if comparison == "BETWEEN":
        low, high = bounds
        return left(low), max(left(low), right(high))
    (bound,) = bounds
    spans: dict[str, Callable[[], tuple[int, int]]] = {
        "=": lambda: (left(bound), right(bound)),
        "<": lambda: (0, left(bound)),
        "<=": lambda: (0, right(bound)),
        ">": lambda: (right(bound), len(entries)),
        ">=": lambda: (left(bound), len(entries)),
    }
    return spans[comparison]()


def _second(entry: tuple[orders.Place, DynamoType]) -> Any:
    return entry[0][0]


def _start(read: _Asked, raw: Any, entries: _Entries, forward: bool) -> int:
    """Give where a page begins, after the last key of the page before."""
    if raw is None:
        return 0 if forward else len(entries) - 1
    first, second = read.schema
    own = read.table.hash_key_attr
    key = items.values(raw)
    kinds = {it["AttributeName"]: it["AttributeType"] for it in read.table.attr}
    if key.keys() != {first, second, own} or any(
        it.type != kinds[name] for name, it in key.items()
    ):
        raise Unusual
    if key[first] != read.partition:
        raise Unusual
    place = key[second].cast_value, None if read.on is None else key[own].cast_value
    if read.on is None:
        by, wanted = _second, place[0]
    else:
        by, wanted = _whole, place
    if forward:
        return bisect.bisect_right(entries, wanted, key=by)
    return bisect.bisect_left(entries, wanted, key=by) - 1


def _whole(entry: tuple[orders.Place, DynamoType]) -> Any:
    return entry[0]


def _page(read: _Asked, entries: Iterator[Any], limit: int | None, after: bool) -> _Page:
    """Take what fits on a page.

    `after` tells whether the partition goes on behind what is found: moto asks there, too, whether
    the page was full.
    """
    found: list[Item] = []
    total = 0
    for place, key in entries:
        item = _item(read, place, key)
        length = items.size(item.attrs)
        if len(found) == limit or total + length > RESULT_SIZE_LIMIT:
            return _Page(found, True)
        found.append(item)
        total += length
    if after and total > RESULT_SIZE_LIMIT - _LONGEST:
        raise Unusual
    return _Page(found, after and len(found) == limit)


def _item(read: _Asked, place: orders.Place, key: DynamoType) -> Item:
    known = orders.of(read.table)
    if read.on is None:
        item = items.find(read.table, (read.partition, key))
    else:
        item = known.index(read.on).item(key)
    if item is None:
        orders.forget([read.table])
        raise Unusual
    return item


def _projected(index: SecondaryIndex, table: Table) -> list[str] | None:
    """Give the attributes that an index shows, None for all."""
    projection = index.projection["ProjectionType"]
    if projection == "KEYS_ONLY":
        return [*table.table_key_attrs, *index.schema_key_attrs]
    if projection != "ALL":
        raise Unusual
    return None


def _shown(read: _Asked, item: Item) -> dict[str, Any]:
    wanted = None if read.on is None else _projected(read.on, read.table)
    if wanted is None:
        return items.shown(item)
    return {name: _rewritten(item.attrs[name]) for name in wanted}


def _rewritten(it: DynamoType) -> Any:
    """Write a value as moto's projection does, which reads it as Python's own first."""
    if it.type == "S":
        return {"S": it.value}
    return serializer.serialize(deserializer.deserialize({it.type: it.value}))


def _last(read: _Asked, item: Item) -> dict[str, Any]:
    first, second = read.schema
    key = {first: item.attrs[first], second: item.attrs[second]}
    if read.on is None:
        key = {}
        if item.range_key is not None:
            key[second] = item.range_key
    key[read.table.hash_key_attr] = item.hash_key
    return {name: {it.type: it.value} for name, it in key.items()}
