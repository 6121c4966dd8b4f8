"""Messages carry a version and the task's id, through a queue that may be out."""

from typing import Any

import boto3
import pytest

from chalicelib import bootstrap, dispatch, errors
from chalicelib.dispatch import SqsDispatcher


def test_a_message_holds_a_version_and_the_id() -> None:
    assert dispatch.encode("abc") == '{"v": 1, "task_id": "abc"}'
    assert dispatch.decode(dispatch.encode("abc")) == "abc"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x",
        "[1]",
        "{}",
        '{"v": 2, "task_id": "abc"}',
        '{"v": "1", "task_id": "abc"}',
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
    queue.send("abc")
    (message,) = queue.receive(10, 0)
    assert message["Body"] == dispatch.encode("abc")
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    queue.acknowledge(message)
    assert queue.receive(10, 0) == []


def test_a_queue_that_is_not_there_is_an_outage(cloud: Any) -> None:
    with pytest.raises(errors.Outage):
        SqsDispatcher(boto3.client("sqs"), queue="none", dead="none").send("abc")
