"""Hosts in DynamoDB, and the condition of each write."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from chalicelib.aws.dynamodb import Table, Unmet
from chalicelib.aws.items import Item, read, ttl, value
from chalicelib.hosts.model import Heartbeat, Host
from chalicelib.hosts.ports import Refused

#: The partitions of the index: the names of all hosts, and the ids of workers.
_HOSTS, _WORKERS = "host", "worker"
#: What the key of a worker begins with: no name of a host does.
_WORKER = "~"
#: The most characters of a text that a worker has written.
_LONGEST = 300
#: Seconds by which the clock of another process may be ahead.
_MOST_AHEAD = 60
#: No number that makes sense is larger, and only one of them may be below 0.
_LARGEST, _SIGNED = 1e11, "clock_off_s"

#: A row that was not added is no host. A worker's credentials may make one; it counts for nothing.
#: It may also have changed the mark of its removal: one of later than now counts for nothing.
_FREE = (
    "attribute_not_exists(#added_at) AND "
    "NOT (#removed_at > :free_if_removed_by AND #removed_at <= :latest)"
)
_THERE = "attribute_exists(#added_at)"
#: The same for writes of workers. The credentials of a host do not let it name `added_at`, and a
#: row that it has made itself is good for nothing.
_WORKERS_ROW = "attribute_exists(#host) AND attribute_not_exists(#removed_at)"
_MINE = (
    f"{_WORKERS_ROW} AND (attribute_not_exists(#session) OR #session = :mine "
    "OR attribute_exists(#left_at) OR #seen_at <= :lapsed_by)"
)
_ANOTHERS = f"{_WORKERS_ROW} AND attribute_exists(#session) AND #session <> :mine"


class DynamoHostStore:
    """`hosts.ports.HostStore` on a table.

    The key of a row is the host's name, so that IAM can keep each host to its own row. An index
    lists the names; it has no more than the names, so a heartbeat does not write to it.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._table = Table(client, table)

    def get(self, name: str) -> Host | None:
        item = self._table.get(_key(name))
        return _host(item) if item else None

    def get_many(self, names: Sequence[str], *, fresh: bool = True) -> list[Host]:
        found = self._table.get_many([_key(name) for name in names], fresh=fresh)
        return [_host(item) for item in found]

    def names(self, after: str, most: int) -> list[str]:
        return self._listed(_HOSTS, most, after)

    def _listed(self, kind: str, most: int, after: str = "") -> list[str]:
        condition, values = "#listed = :listed", {"listed": kind}
        if after:
            condition, values = f"{condition} AND #host > :after", {**values, "after": after}
        found = self._table.query(condition, values, IndexName="listed", Limit=most)
        return [item["host"]["S"] for item in itertools.islice(found, most)]

    def add(self, name: str, at: float, *, free_if_removed_by: float) -> Host:
        made = Host(host=name, added_at=at)
        step = self._table.to_put(
            {**made._asdict(), "listed": _HOSTS},
            _FREE,
            {"free_if_removed_by": free_if_removed_by, "latest": at + _MOST_AHEAD},
        )
        try:
            self._table.put(step)
        except Unmet as unmet:
            raise _refused(unmet) from unmet
        return made

    def remove(self, name: str, at: float, *, kept_until: float) -> None:
        mark = {"host": name, "removed_at": at, "ttl": ttl(kept_until)}
        try:
            self._table.put(self._table.to_put(mark, _THERE))
        except Unmet as unmet:
            raise _refused(unmet) from unmet

    def beat(
        self, name: str, session: str, heartbeat: Heartbeat, at: float, *, lapsed_by: float
    ) -> None:
        changes = {**heartbeat._asdict(), "session": session, "seen_at": at, "left_at": None}
        self._update(name, changes, _MINE, {"mine": session, "lapsed_by": lapsed_by})

    def look(self, name: str, at: float) -> None:
        self._update(name, {"unanswered_at": at}, _WORKERS_ROW, {})

    def contend(self, name: str, session: str, node: str, at: float) -> None:
        changes = {"rival": node, "rival_session": session, "rival_at": at}
        self._update(name, changes, _ANOTHERS, {"mine": session})

    def leave(self, name: str, session: str, at: float) -> None:
        self._update(
            name, {"left_at": at}, f"{_WORKERS_ROW} AND #session = :mine", {"mine": session}
        )

    def attend(self, worker: str, at: float, *, kept_until: float) -> None:
        changes = {"listed": _WORKERS, "seen_at": at, "ttl": ttl(kept_until)}
        self._update(_WORKER + worker, changes, "attribute_not_exists(#removed_at)", {})

    def attending(self, most: int) -> list[Host]:
        return self.get_many(self._listed(_WORKERS, most))

    def _update(
        self, name: str, changes: Mapping[str, object], condition: str, values: dict[str, object]
    ) -> None:
        try:
            self._table.update(self._table.to_update(_key(name), changes, condition, values))
        except Unmet as unmet:
            raise _refused(unmet) from unmet


def _key(name: str) -> Item:
    return {"host": value(name)}


def _refused(unmet: Unmet) -> Refused:
    return Refused(_host(unmet.old) if unmet.old else None)


def _host(item: Item) -> Host:
    """Read a row. What makes no sense is left out: a host may write what it likes into its row."""
    sane = {name: typed for name, typed in item.items() if _is_sane(name, typed)}
    return read(Host, sane)


def _is_sane(name: str, typed: dict[str, Any]) -> bool:
    kinds = get_args(Host.__annotations__.get(name)) or (str,)
    ((kind, raw),) = typed.items()
    if kind == "S":
        return str in kinds and len(raw) <= _LONGEST
    if kind != "N" or str in kinds:
        return False
    least = -_LARGEST if name == _SIGNED else 0
    return least <= float(raw) <= _LARGEST and (float in kinds or raw.isdigit())
