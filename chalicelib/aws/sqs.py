"""Hints to the workers, through SQS: the one file that knows it."""

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import errors
from chalicelib.aws import client as aws
from chalicelib.tasks import model as tasks

#: The version of the messages; a worker acknowledges others unread, and the sweeper sends again.
_VERSION = 1


class SqsDispatcher:
    """`ports.Dispatcher` on the queues of those names, whose URLs are asked for once."""

    def __init__(self, client: Any, *, queue: str, dead: str) -> None:
        self._client, self._queue, self._dead = client, queue, dead
        self._urls: dict[str, str] = {}

    def send(self, task_id: str) -> None:
        """See `ports.Dispatcher`."""
        self._ask("send_message", self._queue, MessageBody=encode(task_id))

    def receive(self, most: int, seconds: int) -> list[dict[str, Any]]:
        """At most `most` (1 to 10) messages, as SQS gives them; waits `seconds` for the first.

        Raises Outage.
        """
        answer = self._ask(
            "receive_message",
            self._queue,
            MaxNumberOfMessages=most,
            WaitTimeSeconds=seconds,
            AttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def acknowledge(self, messages: list[dict[str, Any]]) -> None:
        """Delete messages, 1 to 10. Raises Outage where one of them is left."""
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        answer = self._ask("delete_message_batch", self._queue, Entries=entries)
        if left := answer.get("Failed"):
            raise errors.Outage(f"{len(left)} messages of the queue {self._queue} are left.")

    def put_back(self, message: dict[str, Any]) -> None:
        """Leave a message to somebody else, at once. Raises Outage."""
        self._ask(
            "change_message_visibility",
            self._queue,
            ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=0,
        )

    def reach(self) -> None:
        """See `ports.Dispatcher`."""
        self._urls.pop(self._queue, None)
        self._url(self._queue)

    def dead_letters(self) -> int:
        """See `ports.Dispatcher`."""
        depth = "ApproximateNumberOfMessages"
        answer = self._ask("get_queue_attributes", self._dead, AttributeNames=[depth])
        return int(answer["Attributes"][depth])

    def _ask(self, operation: str, queue: str, **parameters: Any) -> Any:
        """Ask SQS something of a queue. Raises Outage."""
        return self._call(operation, queue, QueueUrl=self._url(queue), **parameters)

    def _url(self, queue: str) -> str:
        """Where a queue is, asked for once. Raises Outage."""
        if queue not in self._urls:
            answer = self._call("get_queue_url", queue, QueueName=queue)
            self._urls[queue] = answer["QueueUrl"]
        return self._urls[queue]

    def _call(self, operation: str, queue: str, **parameters: Any) -> Any:
        """Whatever goes wrong is an outage, too: messages are only hints, the sweeper sends
        others, and no request, run or loop may end for the lack of one.
        """
        try:
            return aws.ask(getattr(self._client, operation), **parameters)
        except (BotoCoreError, ClientError) as exc:
            raise errors.Outage(f"The queue {queue} cannot be used: {exc}") from exc


def encode(task_id: str) -> str:
    """The body of the message that names a task."""
    return json.dumps({"v": _VERSION, "task_id": task_id})


def decode(body: str) -> str:
    """The task id in the body of a message. Raises BadMessage."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise errors.BadMessage("The message is not JSON.") from exc
    match message:
        case {"v": int(version), "task_id": str(task_id)}:
            if version is not True and version == _VERSION and tasks.is_id(task_id):
                return task_id
    raise errors.BadMessage(f"The message does not name a task in version {_VERSION}.")
