"""Messages carry a version and the task's id, through a queue that may be out."""

from typing import Any

import boto3
import pytest

from chalicelib import bootstrap, errors
from chalicelib.aws import sqs as dispatch
from chalicelib.aws.sqs import SqsDispatcher

TASK_ID = "00000000-0000-4000-8000-000000000000"


def test_a_message_holds_a_version_and_the_id() -> None:
    assert dispatch.encode(TASK_ID) == f'{{"v": 1, "task_id": "{TASK_ID}"}}'
    assert dispatch.decode(dispatch.encode(TASK_ID)) == TASK_ID


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x",
        "[1]",
        "{}",
        f'{{"v": 2, "task_id": "{TASK_ID}"}}',
        f'{{"v": "1", "task_id": "{TASK_ID}"}}',
        f'{{"v": true, "task_id": "{TASK_ID}"}}',
        '{"v": 1, "task_id": "abc"}',
        '{"v": 1, "task_id": ""}',
        '{"v": 1}',
        '{"v": 1, "task_id": 7}',
        "[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_said(body: str) -> None:
    with pytest.raises(errors.BadMessage):
        dispatch.decode(body)


def test_what_is_sent_is_received_until_it_is_acknowledged(cloud: Any) -> None:
    queue = bootstrap.dispatcher()
    queue.send(TASK_ID)
    (message,) = queue.receive(10, 0)
    assert message["Body"] == dispatch.encode(TASK_ID)
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    queue.acknowledge([message])
    assert queue.receive(10, 0) == []


def test_a_message_that_is_left_is_an_outage(cloud: Any) -> None:
    queue = bootstrap.dispatcher()
    queue.send(TASK_ID)
    (message,) = queue.receive(10, 0)
    with pytest.raises(
        errors.Outage, match=r"^1 messages of the queue hoststat-dev-tasks are left"
    ):
        queue.acknowledge([message, {"ReceiptHandle": "unknown"}])


def test_a_message_that_is_put_back_is_there_for_the_next(cloud: Any) -> None:
    queue = bootstrap.dispatcher()
    queue.send(TASK_ID)
    (message,) = queue.receive(10, 0)
    queue.put_back(message)
    assert len(queue.receive(10, 0)) == 1


def test_a_queue_that_is_not_there_is_an_outage_to_everybody(cloud: Any) -> None:
    queue = SqsDispatcher(boto3.client("sqs"), queue="none", dead="none")
    for ask in (lambda: queue.send(TASK_ID), lambda: queue.receive(1, 0), queue.dead_letters):
        with pytest.raises(errors.Outage):
            ask()
