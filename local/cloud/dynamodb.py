"""DynamoDB, asked straight: the actions that hoststat uses all the time."""

from collections.abc import Callable, Mapping
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

from local.cloud import items, orders, transactions, writes
from local.cloud.answers import Answer, Unusual, written
from local.cloud.queries import query

_BATCH = 100
#: Bytes of an answer, far below the 16 MB that moto gives at once.
_LONG = 4_000_000
#: Actions of moto's own door that leave all items as they are.
_READS = {
    "BatchGetItem",
    "DescribeTable",
    "DescribeTimeToLive",
    "GetItem",
    "ListTables",
    "Query",
    "Scan",
}


def _get(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> dict[str, Any]:
    if not asked.keys() <= {"TableName", "Key", "ConsistentRead"}:
        raise Unusual
    table = items.table(backend, asked["TableName"])
    item = items.find(table, items.key(table, asked["Key"]))
    return {} if item is None else {"Item": items.shown(item)}


def _get_many(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> Answer:
    if asked.keys() != {"RequestItems"}:
        raise Unusual
    found: dict[str, Any] = {}
    consumed = []
    total = 0
    for name, wanted in asked["RequestItems"].items():
        table = items.table(backend, name)
        keys = [items.key(table, key) for key in wanted["Keys"]]
        total += len(keys)
        if not wanted.keys() <= {"Keys", "ConsistentRead"} or len({*keys}) < len(keys):
            raise Unusual
        stored = [items.find(table, key) for key in keys]
        found[name] = [items.shown(item) for item in stored if item is not None]
        consumed.append({"TableName": name, "CapacityUnits": len(keys)})
    if total > _BATCH:
        raise Unusual
    answer = written({"ConsumedCapacity": consumed, "Responses": found, "UnprocessedKeys": {}})
    if len(answer[2]) > _LONG:
        raise Unusual
    return answer


def _put(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> Answer:
    write = writes.put(backend, asked)
    write.make()
    return written({})


def _update(backend: DynamoDBBackend, asked: dict[str, Any]) -> Answer:
    rest = {name: it for name, it in asked.items() if name != "ReturnValues"}
    wanted = asked.get("ReturnValues", "NONE")
    if wanted not in ("NONE", "ALL_NEW"):
        raise Unusual
    write = writes.update(backend, rest)
    result: dict[str, Any] = {
        "ConsumedCapacity": {"TableName": asked["TableName"], "CapacityUnits": 0.5}
    }
    if wanted == "ALL_NEW" and write.after is not None:
        result["Attributes"] = items.shown(write.after)
    answer = written(result)
    write.make()
    return answer


def _delete(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> Answer:
    write = writes.delete(backend, asked)
    write.make()
    return written({})


ACTIONS: dict[str, Callable[[DynamoDBBackend, Any], Answer]] = {
    "GetItem": lambda backend, asked: written(_get(backend, asked)),
    "BatchGetItem": _get_many,
    "Query": lambda backend, asked: written(query(backend, asked)),
    "PutItem": _put,
    "UpdateItem": _update,
    "DeleteItem": _delete,
    "TransactWriteItems": transactions.answer,
}


def answer(action: str, backend: DynamoDBBackend, asked: Any) -> Answer:
    """Answer an action. Raises an exception, and has changed nothing, if it is moto's to answer."""
    return ACTIONS[action](backend, asked)


def leave(action: str, backend: DynamoDBBackend, asked: Any) -> None:
    """Note that moto's own door is about to do this: what it writes is to be looked at anew."""
    if action in _READS:
        return
    try:
        orders.doubt(_written(action, backend, asked))
    except Exception:
        orders.forget(list(backend.tables.values()))


def _written(action: str, backend: DynamoDBBackend, asked: Any) -> list[tuple[Table, items.Key]]:
    if action == "TransactWriteItems":
        steps = [step for each in asked["TransactItems"] for step in each.values()]
    elif action in ("PutItem", "UpdateItem", "DeleteItem"):
        steps = [asked]
    else:
        raise Unusual
    return [items.target(backend, step) for step in steps]
