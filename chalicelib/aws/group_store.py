"""Groups in DynamoDB, and the condition of each write."""

from collections.abc import Iterator
from typing import Any

from chalicelib import errors
from chalicelib.aws import keys, task_items
from chalicelib.aws.dynamodb import Table, Unmet
from chalicelib.aws.items import Item, read, ttl, value
from chalicelib.tasks.group import Group
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import What

#: The partition of the index of groups that are not made.
_UNMADE = "unmade"
#: Between the names of hosts. No name has it.
_COMMA = ","

_NEW = "attribute_not_exists(#group_id)"
_THERE = "attribute_exists(#group_id)"


class DynamoGroupStore:
    """`tasks.ports.GroupStore` on a table, and on that of idempotency keys."""

    def __init__(self, client: Any, *, groups: str, keys: str) -> None:
        self._client = client
        self._groups, self._keys = Table(client, groups), Table(client, keys)

    def create(self, group: Group, key: IdempotencyKey | None = None) -> IdempotencyKey | None:
        put = self._groups.to_put(_attributes(group), _NEW)
        if key:
            return keys.once(self._client, self._keys, key, group.created_at, put)
        try:
            self._groups.put(put)
        except Unmet as unmet:
            # Nobody else makes this id: an earlier try of ours has stored it.
            if unmet.old is None:
                raise errors.Outage from unmet
        return None

    def get(self, group_id: str) -> Group | None:
        item = self._groups.get(_key(group_id))
        return _group(item) if item else None

    def cancel(self, group_id: str, at: float) -> Group:
        first = {"cancelled_at": "if_not_exists(#cancelled_at, :at)"}
        step = self._groups.to_update(
            _key(group_id), {"unmade": _UNMADE}, _THERE, {"at": at}, first
        )
        try:
            return _group(self._groups.updated(step))
        except Unmet as unmet:
            raise errors.NoSuchGroup(group_id) from unmet

    def mark_made(self, group_id: str) -> None:
        step = self._groups.to_update(_key(group_id), {"made": True, "unmade": None}, _THERE, {})
        try:
            self._groups.update(step)
        except Unmet as unmet:
            raise errors.NoSuchGroup(group_id) from unmet

    def unmade(self, before: float) -> Iterator[str]:
        found = self._groups.query(
            "#unmade = :unmade AND #created_at < :before",
            {"unmade": _UNMADE, "before": before},
            IndexName="unmade",
        )
        return (item["group_id"]["S"] for item in found)


def _key(group_id: str) -> Item:
    return {"group_id": value(group_id)}


def _attributes(group: Group) -> dict[str, object]:
    fields = group._asdict()
    window = task_items.window_attributes(fields.pop("window"))
    return {
        **fields,
        **window,
        "hosts": _COMMA.join(group.hosts),
        "unmade": _UNMADE,
        "ttl": ttl(group.expires_at),
    }


def _group(item: Item) -> Group:
    return read(
        Group,
        item,
        hosts=tuple(item["hosts"]["S"].split(_COMMA)),
        what=What(item["what"]["S"]),
        window=task_items.window(item),
    )
