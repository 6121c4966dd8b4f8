"""Idempotency keys in DynamoDB: what is created with one is stored once."""

from typing import Any

from chalicelib import errors
from chalicelib.aws import task_items
from chalicelib.aws.dynamodb import Cancelled, Step, Table, Unmet, transact
from chalicelib.tasks.idempotency import IdempotencyKey

_FREE = "attribute_not_exists(#key) OR #held_until <= :now"


def once(
    client: Any, table: Table, key: IdempotencyKey, now: float, put: Step
) -> IdempotencyKey | None:
    """Do `put` and store the key in its table, or do neither and give the key of an earlier create.

    Raises Conflict if two creates with one key meet at the same moment; Outage.
    """
    free = table.to_put(task_items.key_attributes(key), _FREE, {"now": now})
    try:
        transact(client, [free, put])
    except Cancelled as cancelled:
        taken = cancelled.reasons[0]
        if not isinstance(taken, Unmet) or taken.old is None:
            raise errors.Conflict from cancelled
        stored = task_items.to_key(taken.old)
        # The key is ours if an earlier try has stored it and its answer was lost.
        return None if stored.task_id == key.task_id else stored
    return None
