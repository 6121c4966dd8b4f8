"""SQS: the queues of hints, and their dead letters. No other file knows SQS."""

import contextlib
import functools
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import errors
from chalicelib.aws import client as aws
from chalicelib.tasks import hint, task_ids

_DEPTH = "ApproximateNumberOfMessages"
#: Seconds for which a host's queue keeps a message.
_KEPT_SECONDS = 4 * 86_400
_MISSING = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
#: Hosts whose queues one process remembers.
_MOST_HOSTS = 1000


class Queue:
    """One queue. Every method may raise Outage."""

    def __init__(self, client: Any, name: str) -> None:
        """The URL of the queue is asked for once, when it is first needed."""
        self._client, self._name = client, name
        self._known_url = ""

    def send(self, task_id: str) -> None:
        """Send a hint for a task."""
        self._ask("send_message", MessageBody=hint.encode(task_id))

    def receive(self, most: int, seconds: int) -> list[dict[str, Any]]:
        """Give up to `most` (1 to 10) messages as SQS gives them; wait `seconds` (0 to 20) for one.

        The client of the queue must have been made for long polls.
        """
        answer = self._ask(
            "receive_message",
            MaxNumberOfMessages=most,
            WaitTimeSeconds=seconds,
            AttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def acknowledge(self, messages: list[dict[str, Any]]) -> None:
        """Delete 1 to 10 messages. Raises Outage also if one of them was not deleted."""
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        answer = self._ask("delete_message_batch", Entries=entries)
        if left := answer.get("Failed"):
            raise errors.Outage(
                f"{len(left)} messages of the queue {self._name} could not be deleted."
            )

    def put_back(self, message: dict[str, Any]) -> None:
        """Let another worker have a message at once."""
        self._ask(
            "change_message_visibility",
            ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=0,
        )

    def reach(self) -> None:
        """Check that the queue can be reached."""
        self._known_url = ""
        self._url()

    def create(self, attributes: Mapping[str, str]) -> None:
        """Make the queue. One that is there with these attributes stays as it is."""
        answer = self._call("create_queue", QueueName=self._name, Attributes=dict(attributes))
        self._known_url = answer["QueueUrl"]

    def delete(self) -> None:
        """Delete the queue with its messages, if it is there."""
        with contextlib.suppress(errors.NoQueue):
            self._ask("delete_queue")
        self._known_url = ""

    def depth(self) -> int:
        """Give the number of messages that wait, which is not exact."""
        answer = self._ask("get_queue_attributes", AttributeNames=[_DEPTH])
        return int(answer["Attributes"][_DEPTH])

    def _ask(self, operation: str, **parameters: Any) -> Any:
        return self._call(operation, QueueUrl=self._url(), **parameters)

    def _url(self) -> str:
        if not self._known_url:
            self._known_url = self._call("get_queue_url", QueueName=self._name)["QueueUrl"]
        return self._known_url

    def _call(self, operation: str, **parameters: Any) -> Any:
        """Call SQS. Raises Outage for every error, so that none of them ends a request or a run.

        A message is only a hint: if it is lost, the sweeper sends another one. Raises NoQueue,
        which is an Outage as well, if the queue does not exist.
        """
        try:
            return aws.ask(getattr(self._client, operation), **parameters)
        except ClientError as exc:
            if exc.response["Error"]["Code"].rpartition("#")[2] in _MISSING:
                raise errors.NoQueue(f"The queue {self._name} is not there.") from exc
            raise errors.Outage(f"The queue {self._name} cannot be used: {exc}") from exc
        except BotoCoreError as exc:
            raise errors.Outage(f"The queue {self._name} cannot be used: {exc}") from exc


class SqsDispatcher:
    """`tasks.ports.Dispatcher` on SQS."""

    def __init__(
        self, queues: Mapping[str, Queue], dead: Queue, of_host: Callable[[str], Queue]
    ) -> None:
        """`queues` has the queue of each version of the API; `dead` has their dead letters.

        `of_host` makes the queue of the host of a name.
        """
        self._queues, self._dead = queues, dead
        self._of_host = functools.lru_cache(_MOST_HOSTS)(of_host)

    def send(self, task_id: str, version: str) -> None:
        host = task_ids.host_of(task_id)
        queue = self._of_host(host) if host else self._queues[version]
        queue.send(task_id)

    def reach(self) -> None:
        for queue in self._queues.values():
            queue.reach()

    def dead_letters(self) -> int:
        return self._dead.depth()


class SqsHostQueues:
    """`hosts.ports.HostQueues` on SQS; the name of a host is the end of its queue's name."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client, self._prefix = client, prefix

    def make(self, name: str) -> None:
        # Messages are hints, so a queue needs no dead letters: the sweeper sends new ones.
        attributes = {"MessageRetentionPeriod": str(_KEPT_SECONDS)}
        self.of(name).create(attributes)

    def delete(self, name: str) -> None:
        self.of(name).delete()

    def of(self, name: str) -> Queue:
        """Give the queue of a host, whether it is there or not."""
        return Queue(self._client, self._prefix + name)
