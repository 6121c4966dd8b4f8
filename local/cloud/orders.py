"""Tables in the order of their keys, so that a query need not sort all that is stored.

An order is made when it is first asked for and kept as items change. It is only a help: what it
gives is compared with the table, and an order that is wrong is made anew.
"""

import bisect
import weakref
from collections.abc import Iterable
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import SecondaryIndex, Table

from local.cloud.answers import Unusual

#: What a partition is sorted by: the value of the second key, then that of the table's own key.
Place = tuple[Any, Any]

#: Below this, a partition is sorted for each query.
_FEW = 64


class Index:
    """The order of an index with two keys, of a table with one key."""

    def __init__(self, table: Table, index: SecondaryIndex) -> None:
        self.first, self.second = index.schema_key_attrs
        self._table = weakref.ref(table)
        kinds = {it["AttributeName"]: it["AttributeType"] for it in table.attr}
        self._kinds = kinds[self.first], kinds[self.second]
        self._places: dict[DynamoType, tuple[DynamoType, Place]] = {}
        self._partitions: dict[DynamoType, list[tuple[Place, DynamoType]]] = {}
        #: Items whose second key has another type: moto cannot sort them.
        self._odd: set[DynamoType] = set()
        self._known = 0
        self._make()

    def _make(self) -> None:
        self._places, self._partitions, self._odd = {}, {}, set()
        items = self._items()
        for key, item in items.items():
            if (found := self._place(key, item)) is not None:
                self._places[key] = found
                self._partitions.setdefault(found[0], []).append((found[1], key))
        for entries in self._partitions.values():
            entries.sort(key=_place)
        self._known = len(items)

    def _items(self) -> dict[DynamoType, Item]:
        table = self._table()
        if table is None:
            raise Unusual
        items: dict[DynamoType, Item] = table.items  # type: ignore[assignment]
        return items

    def _place(self, key: DynamoType, item: Item) -> tuple[DynamoType, Place] | None:
        first, second = item.attrs.get(self.first), item.attrs.get(self.second)
        if first is None or second is None or first.type != self._kinds[0]:
            return None
        if second.type != self._kinds[1]:
            self._odd.add(key)
            return None
        return first, (second.cast_value, key.cast_value)

    def changed(self, key: DynamoType, more: int) -> None:
        """Look at an item anew that was written, or deleted; there are so many items `more`."""
        self._odd.discard(key)
        before = self._places.pop(key, None)
        if before is not None:
            entries = self._partitions[before[0]]
            at = bisect.bisect_left(entries, before[1], key=_place)
            del entries[at]
        item = self._items().get(key)
        now = None if item is None else self._place(key, item)
        if now is not None:
            self._places[key] = now
            bisect.insort(self._partitions.setdefault(now[0], []), (now[1], key), key=_place)
        # Not all that there are: others may have added some, and then all is made anew.
        self._known += more

    def entries(self, partition: DynamoType) -> list[tuple[Place, DynamoType]]:
        """Give the places and keys of a partition, sorted."""
        if len(self._items()) != self._known:
            self._make()
        if self._odd:
            raise Unusual
        return self._partitions.get(partition, [])

    def item(self, key: DynamoType) -> Item | None:
        """Give the item of a key if it is still where it was."""
        item = self._items().get(key)
        there = item is not None and self._place(key, item) == self._places.get(key)
        return item if there else None


class Orders:
    """All orders of one table."""

    def __init__(self, table: Table) -> None:
        self._table = weakref.ref(table)
        self._indexes: dict[str, Index] = {}
        self._partitions: dict[DynamoType, list[tuple[Place, DynamoType]]] = {}
        self._doubtful: list[tuple[DynamoType, DynamoType | None, int]] = []

    def changed(self, first: DynamoType, second: DynamoType | None, more: int) -> None:
        """Follow a write or a deletion; it has made so many items `more`."""
        for index in self._indexes.values():
            index.changed(first, more)
        if second is not None and (entries := self._partitions.get(first)) is not None:
            place = (second.cast_value, None)
            at = bisect.bisect_left(entries, place[0], key=_first)
            there = at < len(entries) and entries[at][0] == place
            stays = second in self._partition(first)
            if there and not stays:
                del entries[at]
            elif stays and not there:
                entries.insert(at, (place, second))
            if not entries:
                del self._partitions[first]

    def doubt(self, first: DynamoType, second: DynamoType | None) -> None:
        """Look at an item before the next query: somebody else is about to write it."""
        self._doubtful.append((first, second, self._count(first, second)))

    def settle(self) -> None:
        """Look at the items that are in doubt."""
        doubtful, self._doubtful = self._doubtful, []
        for first, second, before in doubtful:
            self.changed(first, second, self._count(first, second) - before)

    def _count(self, first: DynamoType, second: DynamoType | None) -> int:
        partition = self._partition(first)
        return int(bool(partition) if second is None else second in partition)

    def index(self, index: SecondaryIndex) -> Index:
        """Give the order of an index."""
        table = self._table()
        if table is None:
            raise Unusual
        if index.name not in self._indexes:
            self._indexes[index.name] = Index(table, index)
        return self._indexes[index.name]

    def _partition(self, first: DynamoType) -> dict[DynamoType, Item]:
        table = self._table()
        if table is None:
            raise Unusual
        found: dict[DynamoType, Item] = table.items.get(first, {})
        return found

    def partition(self, first: DynamoType) -> list[tuple[Place, DynamoType]]:
        """Give the second keys of a partition of the table itself, sorted."""
        items = self._partition(first)
        entries = self._partitions.get(first)
        if entries is None or len(entries) != len(items):
            self._partitions.pop(first, None)
            entries = sorted((((key.cast_value, None), key) for key in items), key=_first)
            if len(entries) >= _FEW:
                self._partitions[first] = entries
        return entries


def _place(entry: tuple[Place, DynamoType]) -> Place:
    return entry[0]


def _first(entry: tuple[Place, DynamoType]) -> Any:
    return entry[0][0]


_orders: "weakref.WeakKeyDictionary[Table, Orders]" = weakref.WeakKeyDictionary()


def of(table: Table) -> Orders:
    """Give the orders of a table, as they are now."""
    if (found := _orders.get(table)) is None:
        found = _orders[table] = Orders(table)
    try:
        found.settle()
    except Exception:
        forget([table])
        raise
    return found


def known(table: Table) -> Orders | None:
    """Give the orders of a table if there are any, as they are now."""
    return of(table) if table in _orders else None


def doubt(written: Iterable[tuple[Table, tuple[DynamoType, DynamoType | None]]]) -> None:
    """Look at some items before the next query: somebody else is about to write them."""
    # All that was in doubt before is settled first: nothing of this is written yet.
    found = [(known(table), key) for table, key in written]
    for orders, key in found:
        if orders is not None:
            orders.doubt(*key)


def forget(tables: Iterable[Table]) -> None:
    """Forget all orders of some tables: nobody knows what is about to be written."""
    for table in tables:
        _orders.pop(table, None)


def forget_all() -> None:
    """Forget all orders."""
    _orders.clear()
