"""Hints to the workers, through SQS: the one file that knows it."""

import json
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import aws, errors

#: The version of the messages; a worker acknowledges others unread, and the sweeper sends again.
_VERSION = 1


class SqsDispatcher:
    """`ports.Dispatcher` on the queues of those names, whose URLs are asked for once."""

    def __init__(self, client: Any, *, queue: str, dead: str) -> None:
        self._client, self._queue, self._dead = client, queue, dead
        self._urls: dict[str, str] = {}

    def send(self, task_id: str) -> None:
        """See `ports.Dispatcher`."""
        try:
            self._send(encode(task_id))
        except ClientError as exc:
            # The task is kept already, and the sweeper sends again: no send may fail a request.
            raise errors.Outage from exc

    def _send(self, body: str) -> None:
        aws.ask(self._client.send_message, QueueUrl=self._url(self._queue), MessageBody=body)

    def receive(self, most: int, seconds: int) -> list[dict[str, Any]]:
        """At most `most` (1 to 10) messages, as SQS gives them; waits `seconds` for the first.

        Raises Outage.
        """
        answer = aws.ask(
            self._client.receive_message,
            QueueUrl=self._url(self._queue),
            MaxNumberOfMessages=most,
            WaitTimeSeconds=seconds,
            AttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def acknowledge(self, message: dict[str, Any]) -> None:
        """Delete a message that was dealt with. Raises Outage."""
        aws.ask(
            self._client.delete_message,
            QueueUrl=self._url(self._queue),
            ReceiptHandle=message["ReceiptHandle"],
        )

    def put_back(self, message: dict[str, Any]) -> None:
        """Leave a message to somebody else, at once. Raises Outage."""
        aws.ask(
            self._client.change_message_visibility,
            QueueUrl=self._url(self._queue),
            ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=0,
        )

    def dead_letters(self) -> int:
        """See `ports.Dispatcher`."""
        depth = "ApproximateNumberOfMessages"
        answer = aws.ask(
            self._client.get_queue_attributes,
            QueueUrl=self._url(self._dead),
            AttributeNames=[depth],
        )
        return int(answer["Attributes"][depth])

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            self._urls[queue] = aws.ask(self._client.get_queue_url, QueueName=queue)["QueueUrl"]
        return self._urls[queue]


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
        case {"v": int(version), "task_id": str(task_id)} if version == _VERSION:
            return task_id
    raise errors.BadMessage(f"The message is none of version {_VERSION}.")
