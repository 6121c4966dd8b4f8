"""Calls to the local cloud: answered by a short way if they succeed, otherwise by botocore."""

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from chalicelib.aws import client as aws
from chalicelib.comparison import Comparison
from local.session import Session
from tests.support.fakes import FakeClock
from tests.support.scripted_cloud import Cloud, Reply, says

_KEY = {"task_id": {"S": "1"}}
_GET = {"TableName": "tasks", "Key": _KEY}
_PUT = {"TableName": "tasks", "Item": _KEY}
_TRIES = 3
_SECONDS = 10
_CONFIG = Config(
    connect_timeout=_SECONDS,
    read_timeout=_SECONDS,
    user_agent="hoststat",
    retries={"mode": "standard", "total_max_attempts": _TRIES},
)


def answer(
    body: object, status: str = "200 OK", *, date: str = "Sun, 06 Nov 1994 08:49:37 GMT"
) -> Reply:
    written = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"x-amzn-requestid: 7\r\nDate: {date}\r\n"
        f"Content-Length: {len(written)}\r\n\r\n"
    )
    return says(head.encode() + written)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with contextlib.closing(Session()) as made:
        yield made


def client(session: Any, service: str, address: str) -> Any:
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", address)
        return session.create_client(service, config=_CONFIG)


_ANSWERS: dict[str, tuple[str, str, dict[str, Any], object]] = {
    "an item with values of every type": (
        "dynamodb",
        "get_item",
        _GET,
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
    "bytes": ("dynamodb", "get_item", _GET, {"Item": {"raw": {"B": "aGVsbG8="}}}),
    "a set of bytes": ("dynamodb", "get_item", _GET, {"Item": {"raw": {"BS": ["aGVsbG8="]}}}),
    "no item": ("dynamodb", "get_item", _GET, {}),
    "a member without a value": ("dynamodb", "get_item", _GET, {"Item": None}),
    "a page of items": (
        "dynamodb",
        "query",
        {"TableName": "tasks"},
        {"Items": [_KEY], "Count": 1, "ScannedCount": 1, "LastEvaluatedKey": _KEY},
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
    **_GET,
    "UpdateExpression": "SET #a = :a",
    "ExpressionAttributeNames": {"#a": "a"},
    "ExpressionAttributeValues": {":a": {"N": "1.5"}},
    "ReturnValues": "ALL_NEW",
}
_REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "one item": ("dynamodb", "get_item", {**_GET, "ConsistentRead": True}),
    "a text of many alphabets": ("dynamodb", "put_item", {**_PUT, "Item": {"a": {"S": "é: ∂"}}}),
    "bytes": ("dynamodb", "put_item", {**_PUT, "Item": {"raw": {"B": b"\xff"}}}),
    "a move": ("dynamodb", "update_item", _UPDATE),
    "items": ("dynamodb", "batch_get_item", {"RequestItems": {"tasks": {"Keys": [_KEY]}}}),
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
            asked.get_item(**_GET)
            asked.put_item(**_PUT)
    assert written == ["GetItem", "PutItem"]


def test_a_second_try_of_a_transaction_has_the_token_of_the_first(session: Session) -> None:
    busy = answer({"__type": "InternalServerError", "message": "busy"}, "500 Internal")
    cloud = Cloud([answer({}), busy, answer({})])
    with cloud.serving() as address:
        asked = client(session, "dynamodb", address)
        for _ in range(2):
            asked.transact_write_items(TransactItems=[])
    _, tried, again = (json.loads(_read(it)[2])["ClientRequestToken"] for it in cloud.requests)
    assert tried == again


def test_a_success_that_is_no_json_is_for_botocore_to_read(session: Session) -> None:
    cloud = Cloud([says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{[")])
    with cloud.serving() as address:
        assert "Item" not in client(session, "dynamodb", address).get_item(**_GET)
    assert len(cloud.requests) == 1


def test_a_client_asks_unsigned(session: Session) -> None:
    cloud = Cloud([answer({"QueueUrl": "there"})])
    with cloud.serving() as address:
        found = client(session, "sqs", address).get_queue_url(QueueName="tasks")
    assert found["QueueUrl"] == "there"
    assert b"uthorization" not in cloud.requests[0]


def test_a_refusal_is_botocores_error_and_is_asked_for_once(session: Session) -> None:
    refusal = {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": _KEY,
    }
    cloud = Cloud([answer(refusal, "400 Bad Request")])
    with cloud.serving() as address, pytest.raises(ClientError) as raised:
        client(session, "dynamodb", address).put_item(**_PUT)
    assert raised.value.response["Error"] == {
        "Code": "ConditionalCheckFailedException",
        "Message": "The conditional request failed",
    }
    assert raised.value.response["Item"] == _KEY
    assert len(cloud.requests) == 1


def test_a_call_that_fails_for_a_while_is_tried_again_by_botocore(session: Session) -> None:
    busy = answer({"__type": "InternalServerError", "message": "busy"}, "500 Internal")
    cloud = Cloud([busy, busy, answer({"Item": _KEY})])
    with cloud.serving() as address:
        found = client(session, "dynamodb", address).get_item(**_GET)
    assert (found["Item"], found["ResponseMetadata"]["RetryAttempts"]) == (_KEY, _TRIES - 1)
    assert len(cloud.requests) == _TRIES


def test_a_connection_that_breaks_is_tried_again_as_often_as_botocore_does(
    session: Session,
) -> None:
    cloud = Cloud(*[[says(b"")]] * _TRIES)
    with cloud.serving() as address, pytest.raises(ConnectionClosedError, match=address):
        client(session, "dynamodb", address).get_item(**_GET)
    assert len(cloud.requests) == _TRIES


def test_calls_after_one_that_failed_have_their_own_answers(session: Session) -> None:
    refusal = {"__type": "ResourceNotFoundException", "message": "There is no such table."}
    refused, found = answer(refusal, "400 Bad Request"), answer({"Item": _KEY})
    cloud = Cloud([refused, found, refused, found])
    with cloud.serving() as address:
        asked = client(session, "dynamodb", address)
        for _ in range(2):
            with pytest.raises(asked.exceptions.ResourceNotFoundException):
                asked.get_item(**_GET)
            assert asked.get_item(**_GET)["Item"] == _KEY
    assert len(cloud.requests) == 4


class Interrupted(BaseException):
    """Whatever may end a call anywhere."""


def test_what_came_of_a_call_that_was_interrupted_is_not_another_calls(session: Session) -> None:
    refusal = {"__type": "ResourceNotFoundException", "message": "There is no such table."}
    cloud = Cloud([answer({}), answer(refusal, "400 Bad Request"), answer({"Item": _KEY})])
    with cloud.serving() as address:
        asked = client(session, "dynamodb", address)
        asked.get_item(**_GET)

        def interrupt(**_: Any) -> None:
            raise Interrupted

        # Botocore tells of this when it begins to write what was refused.
        asked.meta.events.register("provide-client-params", interrupt)
        with pytest.raises(Interrupted):
            asked.get_item(**_GET)
        asked.meta.events.unregister("provide-client-params", interrupt)
        assert asked.get_item(**_GET)["Item"] == _KEY
    assert len(cloud.requests) == 3


def test_a_clock_is_compared_with_the_moment_before_the_only_question(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock(now=784111777)

    def late(connection: socket.socket) -> None:
        clock.sleep(20)
        answer({"__type": "ResourceNotFoundException"}, "400 Bad Request")(connection)

    compare = Comparison(clock)
    with Cloud([answer({}), late]).serving() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        asked = aws.client(session, "dynamodb", compare=compare)
        asked.get_item(**_GET)
        with pytest.raises(asked.exceptions.ResourceNotFoundException):
            asked.get_item(**_GET)
    # The answer's Date may be from any moment of these 20 s.
    assert compare.off == 0


def test_the_clock_is_compared_by_the_date_of_an_answer(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = Comparison(FakeClock())
    with Cloud([answer({}), answer({}, date="Sun, 06 Nov 1994 08:49:38 GMT")]).serving() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        asked = aws.client(session, "dynamodb", compare=compare)
        for seconds in (784111777, 784111778):
            asked.get_item(**_GET)
            assert compare.cloud_time() == seconds
