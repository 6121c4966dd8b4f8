"""What the search for secrets is given of the tables and queues."""

import boto3
import pytest

from tests.support import stacks


@pytest.mark.usefixtures("cloud")
def test_all_items_and_messages_are_given_also_those_in_flight() -> None:
    queues, tables = boto3.client("sqs"), boto3.client("dynamodb")
    item = {"task_id": {"S": "1"}, "window": {"M": {"count": {"N": "3"}}}}
    tables.put_item(TableName="hoststat-dev-tasks", Item=item)
    url = queues.get_queue_url(QueueName="hoststat-dev-tasks")["QueueUrl"]
    for body in ("one", "two"):
        queues.send_message(QueueUrl=url, MessageBody=body)
    queues.receive_message(QueueUrl=url)
    assert list(stacks.items()) == [("hoststat-dev-tasks", item)]
    assert list(stacks.messages()) == ["one", "two"]
