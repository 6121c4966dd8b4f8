"""Random requests to DynamoDB: what hoststat asks, and much that it never would."""

import random
from typing import Any

from chalicelib.aws.dynamodb import Step, Table
from tests.local.cloud.random_expressions import NAMES, Expressions, value

IDS = [f"k{number}" for number in range(6)]
SHARDS = ("x", "y")

_KEYS = {"id": "S"}
_KEYS_OF_TWO = {"id": "S", "n": "N"}
#: Of tables of one key, of two, and of how they are made.
TABLES: dict[str, dict[str, str]] = {"tasks": _KEYS, "reports": _KEYS_OF_TWO}

Asked = tuple[str, dict[str, Any]]


def table(name: str) -> dict[str, Any]:
    """Give the request that makes a table."""
    keys = [*TABLES[name].items()]
    schema = zip(keys, ("HASH", "RANGE"), strict=False)
    made: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": key, "KeyType": kind} for (key, _), kind in schema],
    }
    if name == "tasks":
        keys += [("open", "S"), ("due", "N")]
        made["GlobalSecondaryIndexes"] = [
            _index("open", "KEYS_ONLY"),
            _index("whole", "ALL"),
        ]
    made["AttributeDefinitions"] = [
        {"AttributeName": key, "AttributeType": kind} for key, kind in keys
    ]
    return made


def _index(name: str, projection: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": "open", "KeyType": "HASH"},
            {"AttributeName": "due", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": projection},
    }


class Requests:
    """Requests by chance, and the next pages of queries."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._pages: list[Asked] = []

    def next(self) -> Asked:
        """Give an action and its body, now and then with something that only moto knows."""
        action, body = self._pages.pop() if self._pages else self._new()
        if self._chance.random() < 0.05:
            body = {**body, "ReturnConsumedCapacity": "NONE"}
        return action, body

    def _new(self) -> Asked:
        kind = self._chance.random()
        name = self._chance.choice([*TABLES])
        if kind < 0.45:
            return self._of_hoststat()
        if kind < 0.52:
            return "GetItem", {"TableName": self._table(name), "Key": self._key(name)}
        if kind < 0.58:
            keys = [self._key(name) for _ in range(self._chance.randint(1, 3))]
            return "BatchGetItem", {"RequestItems": {name: {"Keys": keys}}}
        if kind < 0.76:
            return self._query(name)
        if kind < 0.79:
            steps = [self._step() for _ in range(self._chance.randint(1, 3))]
            return "TransactWriteItems", {"TransactItems": steps}
        action, body = self._write(name)
        if self._chance.random() < 0.3:
            body["ReturnValues"] = self._chance.choice(
                ["NONE", "ALL_NEW", "ALL_NEW", "ALL_OLD", "UPDATED_NEW", "UPDATED_OLD", "BOGUS"]
            )
        return action, body

    def follow(self, asked: Asked, answer: Any) -> None:
        """Ask for the next page of a query."""
        last = answer.get("LastEvaluatedKey") if isinstance(answer, dict) else None
        if asked[0] == "Query" and last and self._chance.random() < 0.8:
            self._pages.append(("Query", {**asked[1], "ExclusiveStartKey": last}))

    def _table(self, name: str) -> str:
        return name if self._chance.random() < 0.98 else "none"

    def _rarely(self) -> bool:
        return self._chance.random() < 0.02

    def _key(self, table: str) -> dict[str, Any]:
        key: dict[str, Any] = {"id": {"S": self._chance.choice(IDS)}}
        if table == "reports":
            key["n"] = {"N": self._chance.choice(["0", "1", "2", "3", "1.0"])}
        if self._rarely():
            key["surplus"] = {"S": "1"}
        if self._rarely():
            key.pop(self._chance.choice([*key]))
        if self._rarely():
            key["id"] = self._chance.choice([{"N": "1"}, {"S": ""}, {"BOOL": True}])
        return key

    def _item(self, table: str) -> dict[str, Any]:
        names = self._chance.sample(NAMES, self._chance.randint(0, 6))
        return {**{name: value(self._chance, name) for name in names}, **self._key(table)}

    def _write(self, name: str) -> Asked:
        of, kind, written = Expressions(self._chance), self._chance.random(), self._table(name)
        if kind < 0.4:
            body = {"TableName": written, "Item": self._item(name)}
            if self._chance.random() < 0.7:
                body["ConditionExpression"] = of.condition()
            return "PutItem", of.complete(body)
        if kind < 0.85:
            body = {"TableName": written, "Key": self._key(name), "UpdateExpression": of.update()}
            if self._chance.random() < 0.8:
                body["ConditionExpression"] = of.condition()
            return "UpdateItem", of.complete(body)
        body = {"TableName": written, "Key": self._key(name)}
        if self._chance.random() < 0.5:
            body["ConditionExpression"] = of.condition()
        return "DeleteItem", of.complete(body)

    def _step(self) -> dict[str, Any]:
        action, body = self._write(self._chance.choice([*TABLES]))
        return {action.removesuffix("Item"): body}

    def _query(self, name: str) -> Asked:
        chance, more = self._chance, self._page(name)
        names = {"#first": "id", "#second": "n"}
        values: dict[str, Any] = {":first": {"S": chance.choice(IDS)}}
        if name == "tasks":
            names = {"#first": "open", "#second": "due"}
            values = {":first": {"S": chance.choice(SHARDS)}}
            more["IndexName"] = chance.choice(["open", "whole"])
        comparison = chance.choice(["<", "<=", "=", ">=", ">", "", "", "BETWEEN", "BETWEEN"])
        condition = f" AND #second {comparison} :low" if comparison else ""
        low, high = sorted(chance.choice([-1, 0, 1, 2, 2.5, 3, 10]) for _ in range(2))
        if comparison == "BETWEEN":
            condition += " AND :high"
            values[":high"] = {"N": str(high)}
        if comparison or self._rarely():
            values[":low"] = {"N": str(low)} if not self._rarely() else {"S": "low"}
        else:
            names.pop("#second")
        return "Query", {
            "TableName": self._table(name),
            "KeyConditionExpression": "#first = :first" + condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            **more,
        }

    def _page(self, name: str) -> dict[str, Any]:
        chance = self._chance
        page: dict[str, Any] = {}
        if chance.random() < 0.4:
            page["Limit"] = chance.choice([1, 1, 2, 3, 0 if self._rarely() else 4])
        if self._rarely():
            page["ExclusiveStartKey"] = self._key(name)
            if name == "tasks":
                index = {"open": value(chance, "open"), "due": value(chance, "due")}
                page["ExclusiveStartKey"] |= index
        if chance.random() < 0.7:
            page["ScanIndexForward"] = chance.random() < 0.5
        if chance.random() < 0.3:
            page["ConsistentRead"] = chance.random() < 0.5
        if self._rarely():
            page["Select"] = chance.choice(["COUNT", "ALL_ATTRIBUTES"])
        return page

    def _of_hoststat(self) -> Asked:
        """Ask what the stores ask, written as they write it."""
        chance = self._chance
        ids = chance.sample(IDS, chance.choice([1, 1, 1, 1, 2, 3]))
        steps = [self._stored({"id": {"S": it}}) for it in ids]
        if len(steps) > 1:
            return "TransactWriteItems", {"TransactItems": steps, "ClientRequestToken": "once"}
        ((kind, body),) = steps[0].items()
        if kind == "Update" and chance.random() < 0.5:
            body = {**body, "ReturnValues": "ALL_NEW"}
        return f"{kind}Item", body

    def _stored(self, key: dict[str, Any]) -> Step:
        chance = self._chance
        state, run = chance.choice(["QUEUED", "STARTED"]), chance.randrange(3)
        tasks, reports = Table(None, "tasks"), Table(None, "reports")
        due = chance.choice([None, 1, 2.5, 3, 10.125])
        shard = None if due is None else chance.choice(SHARDS)
        kind = chance.random()
        if kind < 0.3:
            task = {"id": key["id"]["S"], "state": "QUEUED", "run": 0, "due": due, "open": shard}
            condition = "attribute_not_exists(#id) OR #due <= :now OR #run >= :none"
            values: dict[str, object] = {"now": 2.5, "none": 0}
            return tasks.to_put({**task, "v2": True}, condition, values)
        if kind < 0.5:
            report = {"id": key["id"]["S"], "n": run, "text": "sda 1.0\n" * 5, "run": run}
            condition = "attribute_not_exists(#run) OR #run <= :run OR #n < :run"
            return reports.to_put(report, condition, {"run": run})
        if kind < 0.65:
            count = {"count": "if_not_exists(#count, :zero) + :more"}
            condition = "attribute_not_exists(#count) OR #count >= :zero"
            return tasks.to_update(key, {"a": run}, condition, {"zero": 0, "more": 1}, count)
        if kind < 0.7:
            return tasks.to_delete(key, "#state = :state", {"state": state})
        if kind < 0.8:
            end = {"state": "REVOKED", "due": None, "open": None, "text": "é"}
            condition = "#run >= :none AND #state IN (:one, :two)"
            among = {"none": 0, "one": "QUEUED", "two": state}
            return tasks.to_update(key, end, condition, among)
        condition = "#state = :one OR (#state <> :two AND #run < :most)"
        given = {"one": "QUEUED", "two": state, "most": 50, "more": 1}
        computed = {"run": "#run + :more", "begun": "if_not_exists(#begun, :more) + :more"}
        if chance.random() < 0.3:
            computed.pop("run")
        changes = {"state": state, "due": due, "open": shard}
        return tasks.to_update(key, changes, condition, given, computed)
