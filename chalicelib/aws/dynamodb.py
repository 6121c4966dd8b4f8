"""A table of DynamoDB: how its requests are written and its answers read."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import errors
from chalicelib.aws import client as aws
from chalicelib.aws import task_items as items
from chalicelib.aws.task_items import Item
from chalicelib.tasks.ports import Conflict

#: One write; by itself, or one of a transaction.
Step = dict[str, dict[str, Any]]

#: Keys that BatchGetItem takes at once.
_BATCH = 100
#: Seconds after each try to read a batch.
_PAUSES = (0.05, 0.2, 0.5, 1)
_UNMET, _CONFLICT = "ConditionalCheckFailed", "TransactionConflict"
#: Reasons of a transaction that will not be there for another try.
_BUSY = {"ProvisionedThroughputExceeded", "ThrottlingError"}


class Unmet(Exception):
    """A condition did not hold: `old` is the item as it stands, None where there is none."""

    def __init__(self, old: Item | None) -> None:
        super().__init__("the condition does not hold")
        self.old = old


class Cancelled(Exception):
    """A transaction was given up, for reasons in the order of its writes.

    Each is None, a Conflict with somebody else's, or the Unmet condition of the write.
    """

    def __init__(self, reasons: Sequence[Unmet | Conflict | None]) -> None:
        super().__init__("the transaction was given up")
        self.reasons = reasons


class Table:
    """One table. Every method may raise Outage.

    In conditions `#name` stands for the attribute of that name, for many of DynamoDB's own words
    are names of ours, and `:name` for the value of that name.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    def get(self, key: Item) -> Item | None:
        """The item as it stands, after everything that was acknowledged before."""
        answer = aws.ask(self._client.get_item, TableName=self._name, Key=key, ConsistentRead=True)
        found: Item | None = answer.get("Item")
        return found

    def get_many(self, keys: list[Item]) -> list[Item]:
        """The same for many at once, those that there are, in no order."""
        found: list[Item] = []
        for start in range(0, len(keys), _BATCH):
            batch = {"Keys": keys[start : start + _BATCH], "ConsistentRead": True}
            found += self._read_batch({self._name: batch})
        return found

    def _read_batch(self, wanted: Any) -> list[Item]:
        """The items of one batch; DynamoDB may leave some for another try when it is busy."""
        found: list[Item] = []
        for pause in _PAUSES:
            answer = aws.ask(self._client.batch_get_item, RequestItems=wanted)
            found += answer["Responses"].get(self._name, [])
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return found
            time.sleep(pause)
        raise errors.Outage

    def query(
        self, condition: str, values: Mapping[str, object], **parameters: Any
    ) -> Iterator[Item]:
        """The items that meet a condition on their keys, page by page."""
        page: dict[str, Any] | None = {}
        while page is not None:
            answer = aws.ask(
                self._client.query,
                TableName=self._name,
                KeyConditionExpression=condition,
                ExpressionAttributeNames=_names(condition),
                ExpressionAttributeValues=_values(values),
                **{**parameters, **page},
            )
            yield from answer["Items"]
            last = answer.get("LastEvaluatedKey")
            page = {"ExclusiveStartKey": last} if last else None

    def put(self, step: Step) -> None:
        """Take a step of `to_put` by itself. Raises Unmet."""
        self._write(self._client.put_item, step["Put"])

    def update(self, step: Step) -> None:
        """Take a step of `to_update` by itself. Raises Unmet."""
        self._write(self._client.update_item, step["Update"])

    def updated(self, step: Step) -> Item:
        """The same, and give the item as it is then."""
        parameters = {**step["Update"], "ReturnValues": "ALL_NEW"}
        found: Item = self._write(self._client.update_item, parameters)["Attributes"]
        return found

    def to_put(
        self,
        attributes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object] | None = None,
    ) -> Step:
        """Keep an item of `attributes`, those left out that are None, if `condition` holds."""
        return {"Put": self._step(condition, values, Item=items.to_item(attributes))}

    def to_delete(self, key: Item, condition: str, values: Mapping[str, object]) -> Step:
        """Take an item away, if `condition` holds."""
        return {"Delete": self._step(condition, values, Key=key)}

    def to_update(
        self,
        key: Item,
        changes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object],
        computed: Mapping[str, str] | None = None,
    ) -> Step:
        """Write `changes` (None removes) and what is `computed` of the item itself, if
        `condition` holds.
        """
        given = {name: thing for name, thing in changes.items() if thing is not None}
        expressions = {name: f":{name}" for name in given} | dict(computed or {})
        update = "SET " + ", ".join(f"#{name} = {to}" for name, to in expressions.items())
        removed = [f"#{name}" for name in changes if name not in given]
        if removed:
            update += " REMOVE " + ", ".join(removed)
        step = self._step(condition, {**given, **values}, UpdateExpression=update, Key=key)
        return {"Update": step}

    def _step(
        self, condition: str, values: Mapping[str, object] | None, **parameters: Any
    ) -> dict[str, Any]:
        written = f"{condition} {parameters.get('UpdateExpression', '')}"
        step = {
            "TableName": self._name,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": _names(written),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **parameters,
        }
        return {**step, "ExpressionAttributeValues": _values(values)} if values else step

    def _write(self, operation: Any, parameters: Mapping[str, Any]) -> Any:
        try:
            return aws.ask(operation, **parameters)
        except ClientError as exc:
            if exc.response["Error"]["Code"] != _UNMET + "Exception":
                raise
            raise Unmet(exc.response.get("Item")) from exc


def transact(client: Any, steps: Sequence[Step]) -> None:
    """Take all steps, of any tables, or none. Raises Cancelled, Outage."""
    try:
        aws.ask(client.transact_write_items, TransactItems=steps)
    except ClientError as exc:
        reasons = exc.response.get("CancellationReasons", [])
        codes = {reason["Code"] for reason in reasons} - {"None"}
        if codes and codes <= _BUSY:
            raise errors.Outage from exc
        if not codes & {_UNMET, _CONFLICT}:
            raise
        raise Cancelled([_reason(it) for it in reasons]) from exc


def _reason(reason: Mapping[str, Any]) -> Unmet | Conflict | None:
    if reason["Code"] == _UNMET:
        return Unmet(reason.get("Item"))
    return Conflict() if reason["Code"] == _CONFLICT else None


def _names(expression: str) -> dict[str, str]:
    """Every #name in an expression."""
    return {f"#{name}": name for name in re.findall(r"#(\w+)", expression)}


def _values(values: Mapping[str, object]) -> Item:
    return {f":{name}": items.value(thing) for name, thing in values.items()}
