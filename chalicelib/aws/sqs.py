"""SQS: the queue of hints and its dead letters. No other file knows SQS."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import errors
from chalicelib.aws import client as aws
from chalicelib.tasks import hint


class SqsDispatcher:
    """`tasks.ports.Dispatcher` on SQS, and what a polling worker needs of the same queue."""

    def __init__(self, client: Any, *, queue: str, dead: str) -> None:
        """`queue` and `dead` are the names of the queues; the URL of each is asked for once."""
        self._client, self._queue, self._dead = client, queue, dead
        self._urls: dict[str, str] = {}

    def send(self, task_id: str) -> None:
        self._ask("send_message", self._queue, MessageBody=hint.encode(task_id))

    def receive(self, most: int, seconds: int) -> list[dict[str, Any]]:
        """Give up to `most` (1 to 10) messages as SQS gives them; wait `seconds` (0 to 20) for one.

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
        """Delete 1 to 10 messages. Raises Outage if one of them was not deleted."""
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        answer = self._ask("delete_message_batch", self._queue, Entries=entries)
        if left := answer.get("Failed"):
            raise errors.Outage(
                f"{len(left)} messages of the queue {self._queue} could not be deleted."
            )

    def put_back(self, message: dict[str, Any]) -> None:
        """Let another worker have a message at once. Raises Outage."""
        self._ask(
            "change_message_visibility",
            self._queue,
            ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=0,
        )

    def reach(self) -> None:
        self._urls.pop(self._queue, None)
        self._url(self._queue)

    def dead_letters(self) -> int:
        depth = "ApproximateNumberOfMessages"
        answer = self._ask("get_queue_attributes", self._dead, AttributeNames=[depth])
        return int(answer["Attributes"][depth])

    def _ask(self, operation: str, queue: str, **parameters: Any) -> Any:
        return self._call(operation, queue, QueueUrl=self._url(queue), **parameters)

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            answer = self._call("get_queue_url", queue, QueueName=queue)
            self._urls[queue] = answer["QueueUrl"]
        return self._urls[queue]

    def _call(self, operation: str, queue: str, **parameters: Any) -> Any:
        """Call SQS. Raises Outage for every error, so that none of them ends a request or a run.

        A message is only a hint: if it is lost, the sweeper sends another one.
        """
        try:
            return aws.ask(getattr(self._client, operation), **parameters)
        except (BotoCoreError, ClientError) as exc:
            raise errors.Outage(f"The queue {queue} cannot be used: {exc}") from exc
