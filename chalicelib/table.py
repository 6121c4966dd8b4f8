"""A table of DynamoDB: how its requests are written and its answers read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import aws, items
from chalicelib.items import Item

#: Keys that BatchGetItem takes at once.
_BATCH = 100


class Unmet(Exception):
    """A condition did not hold: `old` is the item as it stands, None where there is none."""

    def __init__(self, old: Item | None) -> None:
        super().__init__("the condition does not hold")
        self.old = old


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
            wanted: Any = {self._name: batch}
            while wanted:
                answer = aws.ask(self._client.batch_get_item, RequestItems=wanted)
                found += answer["Responses"].get(self._name, [])
                wanted = answer.get("UnprocessedKeys")
        return found

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

    def put(
        self,
        attributes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object] | None = None,
    ) -> None:
        """Keep an item, if `condition` holds. Raises Unmet."""
        parameters = {"ExpressionAttributeValues": _values(values)} if values else {}
        self._write(
            self._client.put_item,
            Item=items.to_item(attributes),
            ConditionExpression=condition,
            ExpressionAttributeNames=_names(condition),
            **parameters,
        )

    def update(
        self,
        key: Item,
        changes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object],
        computed: Mapping[str, str] | None = None,
    ) -> Item:
        """Write `changes` (None removes) and what is `computed` of the item itself, if
        `condition` holds, and give the item as it is then. Raises Unmet.
        """
        given = {name: thing for name, thing in changes.items() if thing is not None}
        expressions = {name: f":{name}" for name in given} | dict(computed or {})
        update = "SET " + ", ".join(f"#{name} = {to}" for name, to in expressions.items())
        removed = [f"#{name}" for name in changes if name not in given]
        if removed:
            update += " REMOVE " + ", ".join(removed)
        answer = self._write(
            self._client.update_item,
            Key=key,
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeNames=_names(update + condition),
            ExpressionAttributeValues=_values({**given, **values}),
            ReturnValues="ALL_NEW",
        )
        found: Item = answer["Attributes"]
        return found

    def _write(self, operation: Any, **parameters: Any) -> Any:
        try:
            return aws.ask(
                operation,
                TableName=self._name,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **parameters,
            )
        except ClientError as exc:
            if exc.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise Unmet(exc.response.get("Item")) from exc


def _names(expression: str) -> dict[str, str]:
    """Every #name in an expression."""
    return {f"#{name}": name for name in re.findall(r"#(\w+)", expression)}


def _values(values: Mapping[str, object]) -> Item:
    return {f":{name}": items.value(thing) for name, thing in values.items()}
