"""The queue: a message that is sent is received, and every failure is an outage."""

from typing import Any

import boto3
import pytest

from chalicelib import errors
from chalicelib.aws.sqs import Queue
from chalicelib.bootstrap import parts
from chalicelib.tasks import hint

TASK_ID = "00000000-0000-4000-8000-000000000000"


def test_a_message_is_received_until_it_is_acknowledged(cloud: Any) -> None:
    queue = parts.receivers["v3"]
    queue.send(TASK_ID)
    (message,) = queue.receive(10, 0)
    assert message["Body"] == hint.encode(TASK_ID)
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    queue.acknowledge([message])
    assert queue.receive(10, 0) == []


def test_a_message_that_cannot_be_acknowledged_is_an_outage(cloud: Any) -> None:
    queue = parts.receivers["v3"]
    queue.send(TASK_ID)
    (message,) = queue.receive(10, 0)
    with pytest.raises(
        errors.Outage, match=r"^1 messages of the queue hoststat-dev-tasks could not be deleted"
    ):
        queue.acknowledge([message, {"ReceiptHandle": "unknown"}])


def test_a_message_that_is_put_back_is_received_again(cloud: Any) -> None:
    queue = parts.receivers["v3"]
    queue.send(TASK_ID)
    (message,) = queue.receive(10, 0)
    queue.put_back(message)
    assert len(queue.receive(10, 0)) == 1


def test_each_version_has_a_queue_of_its_own(cloud: Any) -> None:
    parts.dispatcher.send(TASK_ID, "v2")
    assert parts.receivers["v3"].receive(10, 0) == []
    (message,) = parts.receivers["v2"].receive(10, 0)
    assert message["Body"] == hint.encode(TASK_ID)


def test_a_host_has_a_queue_of_its_own(cloud: Any) -> None:
    task_id = f"web-1~{TASK_ID}"
    with pytest.raises(errors.NoQueue, match=r"^The queue hoststat-dev-host-web-1 is not there\.$"):
        parts.dispatcher.send(task_id, "v3")
    parts.host_queues.make("web-1")
    parts.dispatcher.send(task_id, "v3")
    assert [queue.receive(10, 0) for queue in parts.receivers.values()] == [[], []]
    (message,) = Queue(boto3.client("sqs"), "hoststat-dev-host-web-1").receive(10, 0)
    assert hint.decode(message["Body"]) == task_id


def test_a_missing_queue_is_an_outage_for_every_call(cloud: Any) -> None:
    queue = Queue(boto3.client("sqs"), "none")
    for ask in (lambda: queue.send(TASK_ID), lambda: queue.receive(1, 0), queue.depth):
        with pytest.raises(errors.Outage):
            ask()
