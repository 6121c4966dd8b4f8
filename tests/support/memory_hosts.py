"""Fakes: the table and the queues of hosts in memory."""

import threading
from collections.abc import Sequence

from chalicelib import errors
from chalicelib.hosts.model import Heartbeat, Host
from chalicelib.hosts.ports import Refused


class MemoryHosts:
    """`hosts.ports.HostStore` in memory, with the same conditions as on DynamoDB."""

    def __init__(self) -> None:
        self.rows: dict[str, Host] = {}
        #: Workers that may have no name, by their ids.
        self.workers: dict[str, Host] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Host | None:
        return self.rows.get(name)

    def get_many(self, names: Sequence[str], *, fresh: bool = True) -> list[Host]:
        return [self.rows[name] for name in names if name in self.rows]

    def names(self, after: str, most: int) -> list[str]:
        there = (name for name, host in self.rows.items() if host.added_at is not None)
        return sorted(name for name in there if name > after)[:most]

    def add(self, name: str, at: float, *, free_if_removed_by: float) -> Host:
        with self._lock:
            old = self.rows.get(name)
            if old and (
                old.added_at is not None
                or (old.removed_at and free_if_removed_by < old.removed_at <= at + 60)
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

    def beat(
        self, name: str, session: str, heartbeat: Heartbeat, at: float, *, lapsed_by: float
    ) -> None:
        with self._lock:
            old = self._there(name)
            lapsed = old.left_at is not None or (old.seen_at or 0) <= lapsed_by
            if old.session not in (None, session) and not lapsed:
                raise Refused(old)
            fields = heartbeat._asdict()
            self.rows[name] = old._replace(**fields, session=session, seen_at=at, left_at=None)

    def look(self, name: str, at: float) -> None:
        self._there(name)

    def contend(self, name: str, session: str, node: str, at: float) -> None:
        with self._lock:
            old = self._there(name)
            if old.session in (None, session):
                raise Refused(old)
            self.rows[name] = old._replace(rival=node, rival_session=session, rival_at=at)

    def leave(self, name: str, session: str, at: float) -> None:
        with self._lock:
            old = self._there(name)
            if old.session != session:
                raise Refused(old)
            self.rows[name] = old._replace(left_at=at)

    def attend(self, worker: str, at: float, *, kept_until: float) -> None:
        self.workers[worker] = Host(host=f"~{worker}", seen_at=at)

    def attending(self, most: int) -> list[Host]:
        return list(self.workers.values())[:most]

    def _there(self, name: str) -> Host:
        old = self.rows.get(name)
        if old is None or not old.is_there():
            raise Refused(old)
        return old


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
