"""Calls to the local cloud that succeed: asked for and answered as by botocore."""

from typing import Any

import botocore.session
import pytest

from chalicelib.aws import client as aws
from chalicelib.comparison import Comparison
from local.session import Session
from tests.support.cloud_clients import GET, KEY, PUT, answer, client
from tests.support.fakes import FakeClock
from tests.support.scripted_cloud import Cloud, says

_ANSWERS: dict[str, tuple[str, str, dict[str, Any], object]] = {
    "an item with values of every type": (
        "dynamodb",
        "get_item",
        GET,
        {
            "Item": {
                "text": {"S": "a : null"},
                "number": {"N": "1.5"},
                "flag": {"BOOL": True},
                "none": {"NULL": True},
                "list": {"L": [{"S": "a"}, {"M": {"b": {"N": "2"}}}]},
                "texts": {"SS": ["a", "b"]},
            }
        },
    ),
    "bytes": ("dynamodb", "get_item", GET, {"Item": {"raw": {"B": "aGVsbG8="}}}),
    "a set of bytes": ("dynamodb", "get_item", GET, {"Item": {"raw": {"BS": ["aGVsbG8="]}}}),
    "no item": ("dynamodb", "get_item", GET, {}),
    "a member without a value": ("dynamodb", "get_item", GET, {"Item": None}),
    "a page of items": (
        "dynamodb",
        "query",
        {"TableName": "tasks"},
        {"Items": [KEY], "Count": 1, "ScannedCount": 1, "LastEvaluatedKey": KEY},
    ),
    "a time": (
        "dynamodb",
        "describe_table",
        {"TableName": "tasks"},
        {"Table": {"TableName": "tasks", "CreationDateTime": 1764350000.5}},
    ),
    "messages": (
        "sqs",
        "receive_message",
        {"QueueUrl": "https://sqs/1/tasks"},
        {"Messages": [{"MessageId": "1", "ReceiptHandle": "2", "Body": "{}", "Attributes": {}}]},
    ),
    "bytes in a message": (
        "sqs",
        "receive_message",
        {"QueueUrl": "https://sqs/1/tasks"},
        {"Messages": [{"MessageAttributes": {"a": {"BinaryValue": "aGVsbG8="}}}]},
    ),
}


@pytest.mark.parametrize("case", _ANSWERS)
def test_a_client_gives_what_botocore_gives_the_first_time_and_later(
    session: Session, case: str
) -> None:
    service, operation, parameters, body = _ANSWERS[case]
    given = []
    for each in (session, botocore.session.Session()):
        with Cloud([answer(body)] * 2).serving() as address:
            each.set_credentials("key", "secret")
            ask = getattr(client(each, service, address), operation)
            given.append([ask(**parameters), ask(**parameters)])
    ours, botocores = given
    assert ours == botocores


_QUEUE = {"QueueUrl": "http://there/1"}
_UPDATE = {
    **GET,
    "UpdateExpression": "SET #a = :a",
    "ExpressionAttributeNames": {"#a": "a"},
    "ExpressionAttributeValues": {":a": {"N": "1.5"}},
    "ReturnValues": "ALL_NEW",
}
_REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "one item": ("dynamodb", "get_item", {**GET, "ConsistentRead": True}),
    "a text of many alphabets": ("dynamodb", "put_item", {**PUT, "Item": {"a": {"S": "é: ∂"}}}),
    "bytes": ("dynamodb", "put_item", {**PUT, "Item": {"raw": {"B": b"\xff"}}}),
    "a move": ("dynamodb", "update_item", _UPDATE),
    "items": ("dynamodb", "batch_get_item", {"RequestItems": {"tasks": {"Keys": [KEY]}}}),
    "a message": ("sqs", "send_message", {**_QUEUE, "MessageBody": '{"v": 1}'}),
    "a poll": ("sqs", "receive_message", {**_QUEUE, "WaitTimeSeconds": 20}),
    "messages": (
        "sqs",
        "delete_message_batch",
        {**_QUEUE, "Entries": [{"Id": "1", "ReceiptHandle": "2"}]},
    ),
    "a queue": (
        "sqs",
        "create_queue",
        {"QueueName": "tasks", "Attributes": {"VisibilityTimeout": "30"}},
    ),
}


@pytest.mark.parametrize("case", _REQUESTS)
def test_the_first_request_and_later_ones_are_what_botocore_writes(
    session: Session, case: str
) -> None:
    service, operation, parameters = _REQUESTS[case]
    written = []
    for each in (session, botocore.session.Session()):
        each.set_credentials("key", "secret")
        cloud = Cloud([answer({})] * 2)
        with cloud.serving() as address:
            ask = getattr(client(each, service, address), operation)
            for _ in range(2):
                ask(**parameters)
        written.append([_read(request) for request in cloud.requests])
    ours, botocores = written
    assert ours == botocores


def _read(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """Give the first line, the headers that do not differ from sender to sender, and the body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    names_and_values = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in names_and_values}
    for name in _OF_A_SENDER:
        headers.pop(name, None)
    return first, headers, body


#: Headers of a signature, of a try, and of a connection.
_OF_A_SENDER = (
    "authorization",
    "x-amz-date",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "host",
    "accept-encoding",
)


def test_botocore_writes_the_first_request_of_an_operation_alone(session: Session) -> None:
    written: list[str] = []
    with Cloud([answer({})] * 4).serving() as address:
        asked = client(session, "dynamodb", address)
        # Only botocore's own writer tells of parameters.
        asked.meta.events.register(
            "provide-client-params", lambda model, **_: written.append(model.name)
        )
        for _ in range(2):
            asked.get_item(**GET)
            asked.put_item(**PUT)
    assert written == ["GetItem", "PutItem"]


def test_a_success_that_is_no_json_is_for_botocore_to_read(session: Session) -> None:
    cloud = Cloud([says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{[")])
    with cloud.serving() as address:
        assert "Item" not in client(session, "dynamodb", address).get_item(**GET)
    assert len(cloud.requests) == 1


def test_a_client_asks_unsigned(session: Session) -> None:
    cloud = Cloud([answer({"QueueUrl": "there"})])
    with cloud.serving() as address:
        found = client(session, "sqs", address).get_queue_url(QueueName="tasks")
    assert found["QueueUrl"] == "there"
    assert b"uthorization" not in cloud.requests[0]


def test_the_clock_is_compared_by_the_date_of_an_answer(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = Comparison(FakeClock())
    with Cloud([answer({}), answer({}, date="Sun, 06 Nov 1994 08:49:38 GMT")]).serving() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        asked = aws.client(session, "dynamodb", compare=compare)
        for seconds in (784111777, 784111778):
            asked.get_item(**GET)
            assert compare.cloud_time() == seconds
