"""Users in DynamoDB: on what condition each of their writes is made."""

import dataclasses
import itertools
from typing import Any

from chalicelib import errors
from chalicelib.aws import task_items as items
from chalicelib.aws.dynamodb import Cancelled, Step, Table, Unmet, transact
from chalicelib.aws.task_items import Item
from chalicelib.tasks.ports import Conflict
from chalicelib.users.model import User

#: Users are one partition, so that they can be listed by name; how many of them are admins is an
#: item of another.
_USER, _ADMINS = "user", "admins"

_NEW = "attribute_not_exists(#username)"
_AS_READ = "#revision = :revision"
_ONE_IS_LEFT = "#count > :one"


class DynamoUserStore:
    """`ports.UserStore` on a table."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, Table(client, table)

    def get(self, username: str) -> User | None:
        """See `ports.UserStore`."""
        item = self._table.get(_key(_USER, username))
        return _to_user(item) if item else None

    def after(self, username: str | None, most: int) -> list[User]:
        """See `ports.UserStore`."""
        start = {"ExclusiveStartKey": _key(_USER, username)} if username else {}
        found = self._table.query(
            "#kind = :kind", {"kind": _USER}, ConsistentRead=True, Limit=most, **start
        )
        return [_to_user(item) for item in itertools.islice(found, most)]

    def write(self, before: User | None, after: User | None) -> None:
        """See `ports.UserStore`."""
        steps = self._steps(before, after)
        try:
            transact(self._client, [step for step, _ in steps])
        except Cancelled as cancelled:
            unmet = [
                (reason, *step)
                for reason, step in zip(cancelled.reasons, steps, strict=True)
                if isinstance(reason, Unmet)
            ]
            if not any(_is_done(step, reason.old, after) for reason, step, _ in unmet):
                # The first of them counts: what was read, then the name, then the last admin.
                raise next((meaning for _, _, meaning in unmet), Conflict()) from cancelled

    def _steps(self, before: User | None, after: User | None) -> list[tuple[Step, Exception]]:
        """What is to be written, and what it means if its condition is not met."""
        steps: list[tuple[Step, Exception]] = []
        stays = before and after and before.username == after.username
        if before and not stays:
            gone = self._table.to_delete(_key(_USER, before.username), _AS_READ, _read(before))
            steps.append((gone, Conflict()))
        if after and before and stays:
            changed = self._table.to_put(_attributes(after), _AS_READ, _read(before))
            steps.append((changed, Conflict()))
        elif after:
            new = self._table.to_put(_attributes(after), _NEW)
            steps.append((new, errors.UsernameTaken(after.username)))
        more = int(bool(after and after.admin)) - int(bool(before and before.admin))
        if more:
            steps.append((self._count(more), errors.LastAdmin()))
        return steps

    def _count(self, more: int) -> Step:
        """One admin more, or less: the item is in the transaction of every such change."""
        if more > 0:
            condition, values = "attribute_not_exists(#count) OR #count >= :zero", {"zero": 0}
        else:
            condition, values = _ONE_IS_LEFT, {"one": 1, "zero": 0}
        count = {"count": "if_not_exists(#count, :zero) + :more"}
        key = _key(_ADMINS, _ADMINS)
        return self._table.to_update(key, {}, condition, {**values, "more": more}, count)


def _key(kind: str, username: str) -> Item:
    return {"kind": items.value(kind), "username": items.value(username)}


def _read(user: User) -> dict[str, object]:
    return {"revision": user.revision}


def _attributes(user: User) -> dict[str, object]:
    return {"kind": _USER, **dataclasses.asdict(user)}


def _to_user(item: Item) -> User:
    fields = items.plain(item)
    del fields["kind"]
    return User(**fields)


def _is_done(step: Step, old: Item | None, after: User | None) -> bool:
    """Whether an earlier try of ours, whose answer was lost, has made the write.

    Of a deletion nothing is left to tell: there the token that botocore gives each transaction
    must do, by which DynamoDB knows a second try.
    """
    if after is None or old is None or "Put" not in step:
        return False
    return bool(items.plain(old)["revision"] == after.revision)
