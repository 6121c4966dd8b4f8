"""A store of groups in memory, with the same conditions as on DynamoDB."""

import threading
from collections.abc import Callable, Iterator

from chalicelib import errors
from chalicelib.tasks.group import Group
from chalicelib.tasks.idempotency import IdempotencyKey
from tests.support.memory_store import MemoryStore


class MemoryGroups:
    """`tasks.ports.GroupStore` in memory; the keys are those of a store of tasks."""

    def __init__(self, store: MemoryStore) -> None:
        self.groups: dict[str, Group] = {}
        self.open: set[str] = set()
        #: Called before each method, with the name of the method; it may raise an error.
        self.before: Callable[[str], None] = lambda method: None
        self._keys, self._lock = store.keys, threading.Lock()

    def create(self, group: Group, key: IdempotencyKey | None = None) -> IdempotencyKey | None:
        self.before("create")
        with self._lock:
            if key:
                taken = self._keys.get(key.key)
                if taken and taken.valid_until > group.created_at:
                    return None if taken.task_id == group.group_id else taken
                self._keys[key.key] = key
            self.groups.setdefault(group.group_id, group)
            self.open.add(group.group_id)
        return None

    def get(self, group_id: str) -> Group | None:
        self.before("get")
        return self.groups.get(group_id)

    def cancel(self, group_id: str, at: float) -> Group:
        self.before("cancel")
        with self._lock:
            group = self.groups.get(group_id)
            if group is None:
                raise errors.NoSuchGroup(group_id)
            first = at if group.cancelled_at is None else group.cancelled_at
            self.groups[group_id] = group._replace(cancelled_at=first)
            self.open.add(group_id)
            return self.groups[group_id]

    def mark_made(self, group_id: str) -> None:
        self.before("mark_made")
        with self._lock:
            if group_id not in self.groups:
                raise errors.NoSuchGroup(group_id)
            self.open.discard(group_id)

    def unmade(self, before: float) -> Iterator[str]:
        self.before("unmade")
        return iter(sorted(it for it in self.open if self.groups[it].created_at < before))
