"""moto's tables as the journal's tests need them: of both kinds of keys, and their items."""

from typing import Any

from moto.dynamodb.models import DynamoDBBackend

from local.cloud.journal import Journal

TASKS, REPORTS, USERS = "hoststat-dev-tasks", "hoststat-dev-reports", "hoststat-dev-users"

#: Each item, by its table and its key.
State = dict[tuple[str, str], Any]


class Tables:
    """The tables of a cloud that keeps a journal; each method is a request to it."""

    def __init__(self, journal: Journal) -> None:
        """Make the tables and fill them from the journal. Raises what `Journal.load` raises."""
        self.backend = empty()
        self.journal = journal
        self.found = journal.load(self.backend)

    def put(self, task_id: str, **attributes: str) -> None:
        item = {"task_id": {"S": task_id}, **{name: {"S": it} for name, it in attributes.items()}}
        self.put_item(item)

    def put_item(self, item: dict[str, Any], table: str = TASKS) -> None:
        self.backend.put_item(table, item)
        self.journal.note(self.backend, "PutItem", {"TableName": table, "Item": item})

    def update(self, task_id: str, state: str) -> None:
        asked: dict[str, Any] = {
            "TableName": TASKS,
            "Key": {"task_id": {"S": task_id}},
            "UpdateExpression": "SET #state = :state",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":state": {"S": state}},
        }
        self.backend.update_item(
            TASKS,
            asked["Key"],
            asked["UpdateExpression"],
            expression_attribute_names=asked["ExpressionAttributeNames"],
            expression_attribute_values=asked["ExpressionAttributeValues"],
        )
        self.journal.note(self.backend, "UpdateItem", asked)

    def delete(self, task_id: str) -> None:
        key = {"task_id": {"S": task_id}}
        self.backend.delete_item(TASKS, key)
        self.journal.note(self.backend, "DeleteItem", {"TableName": TASKS, "Key": key})

    def transact(self, put: str, index: int, delete: str, text: str) -> None:
        """Write a task and a report, and delete another task, all or nothing."""
        steps = [
            {"Put": {"TableName": TASKS, "Item": {"task_id": {"S": put}, "text": {"S": text}}}},
            {"Put": {"TableName": REPORTS, "Item": report(put, index, text)}},
        ]
        if delete != put:
            key = {"task_id": {"S": delete}}
            steps.append({"Delete": {"TableName": TASKS, "Key": key}})
        self.backend.transact_write_items(steps)
        self.journal.note(self.backend, "TransactWriteItems", {"TransactItems": steps})

    def write_reports(self, task_id: str, text: str, *, put: int, delete: int) -> None:
        """Put a report and delete another, in one batch."""
        item = report(task_id, put, text)
        key = {name: report(task_id, delete, "")[name] for name in ("task_id", "index")}
        self.backend.put_item(REPORTS, item)
        self.backend.delete_item(REPORTS, key)
        requests = [{"PutRequest": {"Item": item}}, {"DeleteRequest": {"Key": key}}]
        self.journal.note(self.backend, "BatchWriteItem", {"RequestItems": {REPORTS: requests}})

    def state(self) -> State:
        return {
            (table.name, str(item.hash_key) + str(item.range_key)): item.to_json()["Attributes"]
            for table in self.backend.tables.values()
            for item in table.all_items()
        }


def report(task_id: str, index: int, text: str) -> dict[str, Any]:
    return {"task_id": {"S": task_id}, "index": {"N": str(index)}, "text": {"S": text}}


def empty() -> DynamoDBBackend:
    """Make the tables, without items."""
    backend = DynamoDBBackend("us-east-1", "123456789012")
    _make(backend, TASKS, {"task_id": "S"})
    _make(backend, REPORTS, {"task_id": "S", "index": "N"})
    _make(backend, USERS, {"kind": "S", "username": "S"})
    return backend


def _make(backend: DynamoDBBackend, name: str, keys: dict[str, str]) -> None:
    kinds = zip(keys, ("HASH", "RANGE"), strict=False)
    backend.create_table(
        name,
        schema=[{"AttributeName": key, "KeyType": kind} for key, kind in kinds],
        throughput=None,
        attr=[{"AttributeName": key, "AttributeType": kind} for key, kind in keys.items()],
        global_indexes=None,
        indexes=None,
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
