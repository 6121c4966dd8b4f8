"""Transactions: moto copies each table that one touches, once when it begins."""

import copy
from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException

from local.cloud import items, writes
from local.cloud.answers import Answer, Unmet, Unusual, complete, written

_STEPS = {"Put": writes.put, "Update": writes.update, "Delete": writes.delete}
_MOST = 25


def answer(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> Answer:
    """Answer TransactWriteItems: make all writes, or none of them and let moto say why."""
    steps = asked["TransactItems"]
    if not asked.keys() <= {"TransactItems", "ClientRequestToken"} or not 0 < len(steps) <= _MOST:
        raise Unusual
    _check_keys(backend, steps)
    ready, unmet = [], False
    for step in steps:
        ((kind, operation),) = step.items()
        try:
            ready.append(_STEPS[kind](backend, operation))
        except Unmet:
            unmet = True
    if unmet:
        return _refused(backend, asked)
    for write in ready:
        write.make()
    return written({"ConsumedCapacity": [], "ItemCollectionMetrics": {}})


def _check_keys(backend: DynamoDBBackend, steps: Any) -> None:
    """Check that each item is written once."""
    seen = set()
    for step in steps:
        ((_, operation),) = step.items()
        table, key = items.target(backend, operation)
        if (table.name, key) in seen:
            raise Unusual
        seen.add((table.name, key))


def _refused(backend: DynamoDBBackend, asked: Mapping[str, Any]) -> Answer:
    """Let moto refuse a transaction on tables that have only the items that it touches."""
    parts: dict[str, Table] = {}
    for step in asked["TransactItems"]:
        ((_, operation),) = step.items()
        table, (first, second) = items.target(backend, operation)
        if table.name not in parts:
            parts[table.name] = copy.copy(table)
            parts[table.name].items = type(table.items)(table.items.default_factory)
        item = copy.deepcopy(items.find(table, (first, second)))
        if item is not None:
            writes.Write(parts[table.name], (first, second), item).make()
    handler = _Handler(_Part(backend, parts), asked)
    try:
        handler.transact_write_items()
    except ServiceException as refused:
        status, headers, text = handler.serialized(ActionResult(refused))
        return complete(status, headers, text if isinstance(text, bytes) else text.encode())
    except HTTPException as refused:
        said = str(refused.description).encode()
        return complete(refused.code or 400, dict(refused.get_headers()), said)
    raise Unusual


class _Part(DynamoDBBackend):
    """moto's tables, of which there are only some items."""

    def __init__(self, whole: DynamoDBBackend, parts: dict[str, Table]) -> None:
        self.__dict__.update({**whole.__dict__, "tables": parts})


class _Handler(DynamoHandler):
    """moto's own answers, without a request of HTTP."""

    def __init__(self, part: DynamoDBBackend, asked: Mapping[str, Any]) -> None:
        super().__init__()
        self._part = part
        self.body = asked
        self.querystring = {}
        self.headers = {
            "X-Amz-Target": "DynamoDB_20120810.TransactWriteItems",
            "Content-Type": "application/x-amz-json-1.0",
        }
        self.response_headers = {"server": "amazon.com"}

    @property
    def dynamodb_backend(self) -> DynamoDBBackend:
        return self._part
