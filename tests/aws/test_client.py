"""Calls of AWS: which errors are an outage, what is logged as throttled, and the time they tell."""

import email.utils
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib import errors
from chalicelib.aws import client as aws
from chalicelib.aws import dynamodb
from chalicelib.comparison import Comparison
from tests.support.fakes import FakeClock

Logged = list[tuple[str, dict[str, object]]]


def failing(code: str, *, status: int = 400, **more: Any) -> Callable[..., Any]:
    """Give an operation that ends with this error."""

    def operation(**_: Any) -> Any:
        response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(response | more, "PutItem")

    return operation


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestThrottled"]
)
def test_what_is_throttled_is_an_outage_and_is_logged(code: str, logged: Logged) -> None:
    with pytest.raises(errors.Outage):
        aws.ask(failing(code))
    assert logged == [("throttled", {"operation": "PutItem"})]


@pytest.mark.parametrize(
    ("code", "status"), [("InternalServerError", 500), ("RequestTimeout", 408)]
)
def test_any_other_outage_is_not_logged_as_throttled(
    code: str, status: int, logged: Logged
) -> None:
    with pytest.raises(errors.Outage):
        aws.ask(failing(code, status=status))
    assert logged == []


def test_an_outage_tells_the_log_what_did_not_answer_and_callers_nothing_of_it() -> None:
    def operation() -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1/")

    with pytest.raises(errors.Outage) as raised:
        aws.ask(operation)
    assert raised.value.why == 'Could not connect to the endpoint URL: "http://127.0.0.1:1/"'
    assert str(raised.value) == "A service that this one needs does not answer; try again."
    assert errors.Outage("SQS does not answer.").why == "SQS does not answer."


def test_any_other_error_is_raised_as_it_is(logged: Logged) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws.ask(failing("ResourceNotFoundException"))
    assert logged == []


class Busy:
    """A client of DynamoDB that is too busy for everything."""

    transact_write_items = staticmethod(
        failing("TransactionCanceledException", CancellationReasons=[{"Code": "ThrottlingError"}])
    )

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803
        return {"Responses": {}, "UnprocessedKeys": RequestItems}


def test_a_throttled_transaction_is_logged(logged: Logged) -> None:
    with pytest.raises(errors.Outage):
        dynamodb.transact(Busy(), [])
    assert logged == [("throttled", {"operation": "TransactWriteItems"})]


def test_keys_that_are_left_at_every_try_are_logged(
    logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb, "_PAUSES", (0,))
    with pytest.raises(errors.Outage):
        dynamodb.Table(Busy(), "tasks").get_many([{"task_id": {"S": "x"}}])
    assert logged == [("throttled", {"operation": "BatchGetItem"})]


def test_items_that_do_not_fit_into_one_answer_are_read_all() -> None:
    class Slow:
        def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803
            first, *others = RequestItems["tasks"]["Keys"]
            left = {"tasks": {"Keys": others}} if others else {}
            return {"Responses": {"tasks": [first]}, "UnprocessedKeys": left}

    keys = [{"task_id": {"S": str(number)}} for number in range(100)]
    assert dynamodb.Table(Slow(), "tasks").get_many(keys) == keys


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("service", "operation"), [("sqs", "list_queues"), ("dynamodb", "list_tables")]
)
def test_each_answer_of_a_client_is_compared(service: str, operation: str, status: int) -> None:
    clock = FakeClock()
    compared = Comparison(clock)
    dated = {"Date": email.utils.formatdate(clock.now() + 60, usegmt=True)}

    def answer(request: Any, **_: Any) -> AWSResponse:
        response = AWSResponse(request.url, status, dated, raw=None)
        response._content = b'{"__type": "ValidationException"}' if status == 400 else b"{}"
        return response

    asked = aws.client(aws.session(), service, compare=compared)
    asked.meta.events.register("before-send", answer)
    try:
        aws.ask(getattr(asked, operation))
    except asked.exceptions.ClientError:
        assert status == 400
    assert compared.off == -60
