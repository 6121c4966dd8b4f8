"""Fakes: the table and the queues of hosts in memory."""

import threading
from collections.abc import Sequence

from chalicelib import errors
from chalicelib.hosts.model import Host
from chalicelib.hosts.ports import Refused


class MemoryHosts:
    """`hosts.ports.HostStore` in memory, with the same conditions as on DynamoDB."""

    def __init__(self) -> None:
        self.rows: dict[str, Host] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Host | None:
        return self.rows.get(name)

    def get_many(self, names: Sequence[str]) -> list[Host]:
        return [self.rows[name] for name in names if name in self.rows]

    def names(self, after: str, most: int) -> list[str]:
        there = (name for name, host in self.rows.items() if host.added_at is not None)
        return sorted(name for name in there if name > after)[:most]

    def add(self, name: str, at: float, *, free_if_removed_by: float) -> Host:
        with self._lock:
            old = self.rows.get(name)
            if old and (
                old.added_at is not None
                or (old.removed_at is not None and old.removed_at > free_if_removed_by)
            ):
                raise Refused(old)
            self.rows[name] = Host(host=name, added_at=at)
            return self.rows[name]

    def remove(self, name: str, at: float, *, kept_until: float) -> None:
        with self._lock:
            old = self.rows.get(name)
            if old is None or not old.is_there():
                raise Refused(old)
            self.rows[name] = Host(host=name, removed_at=at)


class MemoryQueues:
    """`hosts.ports.HostQueues` in memory."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.out = False

    def make(self, name: str) -> None:
        self._answer()
        self.names.add(name)

    def delete(self, name: str) -> None:
        self._answer()
        self.names.discard(name)

    def _answer(self) -> None:
        if self.out:
            raise errors.Outage
