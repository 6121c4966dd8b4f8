"""Tallies of wrong logins in DynamoDB, which deletes them when they are forgotten."""

import dataclasses
from typing import Any

from chalicelib.aws import task_items as items
from chalicelib.aws.dynamodb import Table, Unmet
from chalicelib.aws.task_items import Item
from chalicelib.tasks.ports import Conflict
from chalicelib.users.tallies import Tally

_NEW = "attribute_not_exists(#who)"
_AS_READ = "#token = :was_token"


class DynamoTallyStore:
    """`ports.TallyStore` on a table."""

    def __init__(self, client: Any, table: str) -> None:
        self._table = Table(client, table)

    def tallies(self, whos: list[str]) -> dict[str, Tally]:
        """See `ports.TallyStore`."""
        found = map(_to_tally, self._table.get_many([_key(who) for who in whos]))
        return {tally.who: tally for tally in found}

    def move(self, before: Tally, after: Tally) -> None:
        """See `ports.TallyStore`."""
        attributes = {**dataclasses.asdict(after), "ttl": items.ttl(after.forgotten_at)}
        condition, values = (_AS_READ, {"was_token": before.token}) if before.token else (_NEW, {})
        try:
            self._table.put(self._table.to_put(attributes, condition, values))
        except Unmet as unmet:
            # Ours already, if an earlier try had won and its answer was lost.
            if unmet.old is None or _to_tally(unmet.old).token != after.token:
                raise Conflict from unmet


def _key(who: str) -> Item:
    return {"who": items.value(who)}


def _to_tally(item: Item) -> Tally:
    fields = items.plain(item)
    del fields["ttl"]
    return Tally(**fields)
