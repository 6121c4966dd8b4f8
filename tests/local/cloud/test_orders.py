"""Queries of tables that are large, whoever writes them."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends

from local.cloud import door
from tests.local.cloud import random_requests
from tests.local.cloud.doors import ACCOUNT, ADDRESS, MOTO, STRAIGHT, Doors

NAMES = {"#first": "id", "#second": "n"}


@pytest.fixture
def doors() -> Iterator[Doors]:
    own = Doors("DynamoDB_20120810")
    for region in (MOTO, STRAIGHT):
        for name in random_requests.TABLES:
            assert own.moto("CreateTable", random_requests.table(name), region).status == 200
    yield own
    for region in (MOTO, STRAIGHT):
        dynamodb_backends[ACCOUNT][region].reset()


def report(number: int) -> dict[str, Any]:
    return {"id": {"S": "k0"}, "n": {"N": str(number)}}


def task(number: int, due: object) -> dict[str, Any]:
    return {"id": {"S": f"t{number}"}, "open": {"S": "x"}, "due": {"N": str(due)}}


def reports(low: object, high: object, **more: Any) -> dict[str, Any]:
    values = {":first": {"S": "k0"}, ":low": {"N": str(low)}, ":high": {"N": str(high)}}
    return {
        "TableName": "reports",
        "KeyConditionExpression": "#first = :first AND #second BETWEEN :low AND :high",
        "ExpressionAttributeNames": NAMES,
        "ExpressionAttributeValues": values,
        **more,
    }


def due(until: object, **more: Any) -> dict[str, Any]:
    return {
        "TableName": "tasks",
        "IndexName": "open",
        "KeyConditionExpression": "#first = :first AND #second <= :until",
        "ExpressionAttributeNames": {"#first": "open", "#second": "due"},
        "ExpressionAttributeValues": {":first": {"S": "x"}, ":until": {"N": str(until)}},
        **more,
    }


def agree(doors: Doors, action: str, body: dict[str, Any]) -> Any:
    """Ask both doors, and give what both say."""
    moto, straight = doors.both(action, body)
    assert moto == straight
    return moto.body


def test_reports_of_a_long_window_are_found_as_they_come_and_go(doors: Doors) -> None:
    chance = random.Random(3)
    for number in chance.sample(range(150), 150):
        agree(doors, "PutItem", {"TableName": "reports", "Item": report(number)})
    for _ in range(150):
        number = chance.randrange(150)
        if chance.random() < 0.5:
            action = chance.choice(["PutItem", "DeleteItem"])
            name = "Item" if action == "PutItem" else "Key"
            agree(doors, action, {"TableName": "reports", name: report(number)})
        asked = reports(
            number,
            number + chance.randrange(-1, 20),
            ScanIndexForward=chance.random() < 0.5,
            **chance.choice([{}, {"Limit": 3}]),
        )
        last = agree(doors, "Query", asked).get("LastEvaluatedKey")
        if last:
            agree(doors, "Query", {**asked, "ExclusiveStartKey": last})
    assert doors.by_itself["Query"] == doors.asked["Query"]


def test_the_index_of_open_tasks_follows_claims_and_ends(doors: Doors) -> None:
    chance = random.Random(4)
    for number in range(100):
        made = task(number, chance.choice([1, 2.5, 3, 7]))
        agree(doors, "PutItem", {"TableName": "tasks", "Item": made})
    for _ in range(100):
        number, names = chance.randrange(100), {"#due": "due", "#open": "open"}
        body = {"TableName": "tasks", "Key": {"id": {"S": f"t{number}"}}}
        body["ExpressionAttributeNames"] = names
        if chance.random() < 0.5:
            body["UpdateExpression"] = "REMOVE #due, #open"
        else:
            body["UpdateExpression"] = "SET #due = :due, #open = :open"
            to = {":due": {"N": str(chance.randrange(9))}, ":open": {"S": chance.choice("xy")}}
            body["ExpressionAttributeValues"] = to
        agree(doors, "UpdateItem", body)
        agree(doors, "Query", due(chance.randrange(9), **chance.choice([{}, {"Limit": 7}])))
    assert doors.by_itself["Query"] == doors.asked["Query"]


def test_what_moto_s_own_door_has_written_is_seen(doors: Doors) -> None:
    for number in range(80):
        agree(doors, "PutItem", {"TableName": "tasks", "Item": task(number, number)})
    assert agree(doors, "Query", due(9))["Count"] == 10
    more = [{"PutRequest": {"Item": task(number, 5)}} for number in range(90, 100)]
    agree(doors, "BatchWriteItem", {"RequestItems": {"tasks": more}})
    assert agree(doors, "Query", due(9))["Count"] == 20
    # ADD is moto's to do.
    added = {
        "TableName": "tasks",
        "Key": {"id": {"S": "t1"}},
        "UpdateExpression": "ADD #due :more",
        "ExpressionAttributeNames": {"#due": "due"},
        "ExpressionAttributeValues": {":more": {"N": "70"}},
    }
    agree(doors, "UpdateItem", added)
    assert agree(doors, "Query", due(9))["Count"] == 19
    doors.both("DeleteTable", {"TableName": "tasks"})
    assert agree(doors, "Query", due(9))["__type"].endswith("#ResourceNotFoundException")


def test_all_items_of_a_transaction_that_moto_made_are_seen(doors: Doors) -> None:
    for number in range(3):
        made = {"id": {"S": f"t{number}"}, "open": {"S": "x"}}
        agree(doors, "PutItem", {"TableName": "tasks", "Item": made})
    assert agree(doors, "Query", due(9))["Count"] == 0
    steps = [
        {
            "Update": {
                "TableName": "tasks",
                "Key": {"id": {"S": f"t{number}"}},
                "UpdateExpression": "ADD #due :more",
                "ExpressionAttributeNames": {"#due": "due"},
                "ExpressionAttributeValues": {":more": {"N": "1"}},
            }
        }
        for number in range(3)
    ]
    agree(doors, "TransactWriteItems", {"TransactItems": steps})
    assert doors.by_itself["TransactWriteItems"] == 0
    assert agree(doors, "Query", due(9))["Count"] == 3


def test_what_a_journal_has_put_back_or_taken_away_is_seen(doors: Doors) -> None:
    for number in range(80):
        agree(doors, "PutItem", {"TableName": "tasks", "Item": task(number, number)})
        agree(doors, "PutItem", {"TableName": "reports", "Item": report(number)})
    agree(doors, "Query", due(9))
    agree(doors, "Query", reports(0, 9))
    for region in (MOTO, STRAIGHT):
        tables = dynamodb_backends[ACCOUNT][region].tables
        gone = next(it for it in tables["tasks"].all_items() if it.hash_key.value == "t3")
        tables["tasks"].delete_item(gone.hash_key, None)
        tables["tasks"].put_item(task(200, 4))
        tables["reports"].put_item(report(200))
        first = next(it for it in tables["reports"].all_items())
        tables["reports"].delete_item(first.hash_key, first.range_key)
    agree(doors, "Query", due(9))
    agree(doors, "Query", reports(0, 300))


@pytest.mark.parametrize(
    ("target", "authorization", "url", "body"),
    [
        ("DynamoDB_20120810.Scan", "", ADDRESS, b'{"TableName": "tasks"}'),
        ("DynamoDB_20120810.GetItem", "", ADDRESS, b"{"),
        ("DynamoDB_20120810.GetItem", "AWS4 what", ADDRESS, b"{}"),
        ("AmazonSQS.SendMessage", "", ADDRESS, b'{"MessageBody": "m", "QueueUrl": "none"}'),
        ("Other.GetItem", "", ADDRESS, b"{}"),
        ("", "", ADDRESS, b"Action=ListStacks"),
    ],
)
def test_what_is_not_known_is_moto_s(
    target: str, authorization: str, url: str, body: bytes
) -> None:
    assert door.answer(target, authorization, url, body) is None


def test_who_does_not_sign_is_in_moto_s_default_region(doors: Doors) -> None:
    agree(doors, "PutItem", {"TableName": "tasks", "Item": task(1, 1)})
    body = b'{"TableName": "tasks", "Key": {"id": {"S": "t1"}}}'
    answer = door.answer("DynamoDB_20120810.GetItem", "", ADDRESS, body)
    assert answer is not None
    assert (answer[0], b'"t1"' in answer[2]) == (200, True)
