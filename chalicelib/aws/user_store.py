"""Users and tallies of wrong logins in DynamoDB, and the condition of each write."""

import itertools
from typing import Any

from chalicelib import errors
from chalicelib.aws.dynamodb import Cancelled, Step, Table, Unmet, transact
from chalicelib.aws.items import Item, read, ttl, value
from chalicelib.users.model import User
from chalicelib.users.throttle import Tally

#: All users are in one partition, so that they can be listed by name. The number of admins is an
#: item in another partition.
_USER, _ADMINS = "user", "admins"

_NEW = "attribute_not_exists(#username)"
_AS_READ = "#revision = :was_revision"
_WITHOUT_REVISION = "attribute_exists(#username) AND attribute_not_exists(#revision)"
_ONE_IS_LEFT = "#count > :one"
_FIRST_TALLY = "attribute_not_exists(#who)"
_TALLY_AS_READ = "#token = :was_token"


class DynamoUserStore:
    """`users.model.UserStore` on a table."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, Table(client, table)

    def get(self, username: str) -> User | None:
        item = self._table.get(_key(_USER, username))
        return read(User, item) if item else None

    def after(self, username: str | None, most: int) -> list[User]:
        start = {"ExclusiveStartKey": _key(_USER, username)} if username else {}
        found = self._table.query(
            "#kind = :kind", {"kind": _USER}, ConsistentRead=True, Limit=most, **start
        )
        return [read(User, item) for item in itertools.islice(found, most)]

    def write(self, before: User | None, after: User | None) -> None:
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
                # The error of the first such step counts.
                meanings = (meaning for _, _, meaning in unmet)
                raise next(meanings, errors.Conflict()) from cancelled

    def _steps(self, before: User | None, after: User | None) -> list[tuple[Step, Exception]]:
        """Give the writes, and the error that each one means if its condition is not met."""
        steps: list[tuple[Step, Exception]] = []
        stays = before and after and before.username == after.username
        if before and not stays:
            gone = self._table.to_delete(_key(_USER, before.username), *_as_read(before))
            steps.append((gone, errors.Conflict()))
        if after and before and stays:
            # An update leaves attributes that a newer version of our code has added.
            changes = after._asdict()
            key = _key(_USER, changes.pop("username"))
            changed = self._table.to_update(key, changes, *_as_read(before))
            steps.append((changed, errors.Conflict()))
        elif after:
            item = {"kind": _USER, **after._asdict()}
            steps.append((self._table.to_put(item, _NEW), errors.UsernameTaken(after.username)))
        more = int(bool(after and after.admin)) - int(bool(before and before.admin))
        if more:
            steps.append((self._count(more), errors.LastAdmin()))
        return steps

    def _count(self, more: int) -> Step:
        """Give the write that adds `more` (1 or -1) to the number of admins.

        Its condition is not met if no admin would be left.
        """
        if more > 0:
            condition, values = "attribute_not_exists(#count) OR #count >= :zero", {"zero": 0}
        else:
            condition, values = _ONE_IS_LEFT, {"one": 1, "zero": 0}
        count = {"count": "if_not_exists(#count, :zero) + :more"}
        key = _key(_ADMINS, _ADMINS)
        return self._table.to_update(key, {}, condition, {**values, "more": more}, count)


class DynamoTallyStore:
    """`users.throttle.TallyStore` on a table. DynamoDB deletes a tally after its `forgotten_at`."""

    def __init__(self, client: Any, table: str) -> None:
        self._table = Table(client, table)

    def tallies(self, whos: list[str]) -> dict[str, Tally]:
        found = self._table.get_many([{"who": value(who)} for who in whos])
        tallies = [read(Tally, item) for item in found]
        return {tally.who: tally for tally in tallies}

    def move(self, before: Tally, after: Tally) -> None:
        attributes = {**after._asdict(), "ttl": ttl(after.forgotten_at)}
        condition, values = _FIRST_TALLY, {}
        if before.token:
            condition, values = _TALLY_AS_READ, {"was_token": before.token}
        try:
            self._table.put(self._table.to_put(attributes, condition, values))
        except Unmet as unmet:
            # The tally is ours if an earlier try has written it and its answer was lost.
            if unmet.old is None or read(Tally, unmet.old).token != after.token:
                raise errors.Conflict from unmet


def _key(kind: str, username: str) -> Item:
    return {"kind": value(kind), "username": value(username)}


def _as_read(user: User) -> tuple[str, dict[str, object]]:
    """Give the condition that a user is still stored as it was read, and the values in it."""
    if not user.revision:
        return _WITHOUT_REVISION, {}
    return _AS_READ, {"was_revision": user.revision}


def _is_done(step: Step, old: Item | None, after: User | None) -> bool:
    """Tell whether an earlier try of ours, whose answer was lost, has made the transaction.

    A deletion leaves no item to compare. DynamoDB itself recognises a second try of it, by the
    token that botocore gives to each transaction.
    """
    if after is None or old is None or "Delete" in step:
        return False
    return "revision" in old and read(User, old).revision == after.revision
