"""DynamoDB: requests to a table, and their answers."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import errors
from chalicelib.aws import client as aws
from chalicelib.aws.items import Item, to_item, value

#: One write, by itself or as part of a transaction.
Step = dict[str, dict[str, Any]]

#: The most keys that BatchGetItem takes at once.
_BATCH = 100
#: Seconds to wait after each try to read a batch.
_PAUSES = (0.05, 0.2, 0.5, 1)
_UNMET, _CONFLICT = "ConditionalCheckFailed", "TransactionConflict"
#: Why a transaction failed that may succeed when it is tried again.
_BUSY = {"ProvisionedThroughputExceeded", "ThrottlingError"}


class Unmet(Exception):
    """The condition of a write was not met. `old` is the stored item, None if there is none."""

    def __init__(self, old: Item | None) -> None:
        super().__init__("the condition was not met")
        self.old = old


class Cancelled(Exception):
    """A transaction was not made. `reasons` has one entry for each write, in their order.

    An entry is Unmet if the condition of that write was not met, Conflict if another transaction
    wrote the same item, and else None.
    """

    def __init__(self, reasons: Sequence[Unmet | errors.Conflict | None]) -> None:
        super().__init__("the transaction was not made")
        self.reasons = reasons


class Table:
    """One table. Every method that asks DynamoDB may raise Outage.

    In a condition `#name` stands for the attribute of that name, because many of our names are
    reserved words of DynamoDB, and `:name` for the value of that name.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    def get(self, key: Item) -> Item | None:
        """Give the item, None if there is none. The read sees every write that ended before it."""
        answer = aws.ask(self._client.get_item, TableName=self._name, Key=key, ConsistentRead=True)
        found: Item | None = answer.get("Item")
        return found

    def get_many(self, keys: list[Item], *, fresh: bool = True) -> list[Item]:
        """Give the items of these keys that exist, in any order.

        They are read as by `get`; those that are not `fresh` may be as they were a moment ago.
        """
        found: list[Item] = []
        for start in range(0, len(keys), _BATCH):
            batch = {"Keys": keys[start : start + _BATCH], "ConsistentRead": fresh}
            found += self._read_batch({self._name: batch})
        return found

    def _read_batch(self, wanted: Any) -> list[Item]:
        found: list[Item] = []
        for pause in _PAUSES:
            wanted = self._read_more(wanted, found)
            if not wanted:
                return found
            # A busy DynamoDB leaves some keys for another try.
            time.sleep(pause)
        aws.log_throttle("BatchGetItem")
        raise errors.Outage

    def _read_more(self, wanted: Any, found: list[Item]) -> Any:
        """Add to `found` what DynamoDB gives, 16 MB an answer at most, and give what is left."""
        while wanted:
            answer = aws.ask(self._client.batch_get_item, RequestItems=wanted)
            new, wanted = answer["Responses"].get(self._name, []), answer.get("UnprocessedKeys")
            found += new
            if not new:
                break
        return wanted

    def query(
        self, condition: str, values: Mapping[str, object], **parameters: Any
    ) -> Iterator[Item]:
        """Give the items whose keys meet a condition; each page is read when it is needed.

        `parameters` are further parameters of DynamoDB's Query.
        """
        page: dict[str, Any] | None = {}
        while page is not None:
            answer = self._ask(condition, values, **{**parameters, **page})
            yield from answer["Items"]
            last = answer.get("LastEvaluatedKey")
            page = {"ExclusiveStartKey": last} if last else None

    def count(
        self, condition: str, values: Mapping[str, object], *, most: int, **parameters: Any
    ) -> int:
        """Count the items whose keys meet a condition, up to `most`, which is 1 or more."""
        counted: int = 0
        page = dict[str, Any]()
        while True:
            more = {"Select": "COUNT", "Limit": most - counted, **parameters, **page}
            answer = self._ask(condition, values, **more)
            counted += answer["Count"]
            last = answer.get("LastEvaluatedKey")
            if counted >= most or not last:
                return counted
            page = {"ExclusiveStartKey": last}

    def _ask(self, condition: str, values: Mapping[str, object], **parameters: Any) -> Any:
        return aws.ask(
            self._client.query,
            TableName=self._name,
            KeyConditionExpression=condition,
            ExpressionAttributeNames=_names(condition),
            ExpressionAttributeValues=_values(values),
            **parameters,
        )

    def put(self, step: Step) -> None:
        """Do a step of `to_put`, without a transaction. Raises Unmet."""
        self._write(self._client.put_item, step["Put"])

    def update(self, step: Step) -> None:
        """Do a step of `to_update`, without a transaction. Raises Unmet."""
        self._write(self._client.update_item, step["Update"])

    def updated(self, step: Step) -> Item:
        """Do a step of `to_update` and give the item as it is then. Raises Unmet."""
        parameters = {**step["Update"], "ReturnValues": "ALL_NEW"}
        found: Item = self._write(self._client.update_item, parameters)["Attributes"]
        return found

    def to_put(
        self,
        attributes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object] | None = None,
    ) -> Step:
        """Give the step that stores an item of these attributes if `condition` is met.

        Attributes that are None are left out.
        """
        return {"Put": self._step(condition, values, Item=to_item(attributes))}

    def to_delete(self, key: Item, condition: str, values: Mapping[str, object]) -> Step:
        """Give the step that deletes an item if `condition` is met."""
        return {"Delete": self._step(condition, values, Key=key)}

    def to_update(
        self,
        key: Item,
        changes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object],
        computed: Mapping[str, str] | None = None,
    ) -> Step:
        """Give the step that changes an item if `condition` is met; None removes an attribute.

        `computed` are expressions for attributes that DynamoDB computes from the item itself. At
        least one attribute must be set, not removed.
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
    """Do all steps, of any tables, or none of them. Raises Cancelled, Outage."""
    try:
        aws.ask(client.transact_write_items, TransactItems=steps)
    except ClientError as exc:
        reasons = exc.response.get("CancellationReasons", [])
        codes = {reason["Code"] for reason in reasons} - {"None"}
        if codes and codes <= _BUSY:
            aws.log_throttle("TransactWriteItems")
            raise errors.Outage(cause=exc) from exc
        if not codes & {_UNMET, _CONFLICT}:
            raise
        raise Cancelled([_reason(it) for it in reasons]) from exc


def _reason(reason: Mapping[str, Any]) -> Unmet | errors.Conflict | None:
    if reason["Code"] == _UNMET:
        return Unmet(reason.get("Item"))
    return errors.Conflict() if reason["Code"] == _CONFLICT else None


def _names(expression: str) -> dict[str, str]:
    """Give every #name in an expression."""
    return {f"#{name}": name for name in re.findall(r"#(\w+)", expression)}


def _values(values: Mapping[str, object]) -> Item:
    return {f":{name}": value(thing) for name, thing in values.items()}
