"""SQS, asked straight: moto counts all messages of a queue for each that comes and goes."""

import math
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlparse

from moto.core.utils import unix_time_millis
from moto.sqs.constants import MAXIMUM_VISIBILITY_TIMEOUT
from moto.sqs.models import Message, Queue, SQSBackend

from local.cloud.answers import Answer, Unusual, written

Action = Callable[[SQSBackend, str, Any], dict[str, Any]]

_MOST = 10
_MAX_WAIT_SECONDS = 20
#: Seconds that a message may be hidden in all.
_MAX_HIDDEN_SECONDS = 43_200
_ATTRIBUTES: dict[str, Callable[[Message], str | None]] = {
    "SenderId": lambda message: message.sender_id,
    "SentTimestamp": lambda message: str(message.sent_timestamp),
    "ApproximateReceiveCount": lambda message: str(message.approximate_receive_count),
    "ApproximateFirstReceiveTimestamp": (
        lambda message: str(message.approximate_first_receive_timestamp)
    ),
}


def _queue(backend: SQSBackend, asked: Mapping[str, Any], *known: str) -> Queue:
    """Give the queue of a request that says nothing but what is `known`."""
    if not asked.keys() <= {"QueueUrl", *known}:
        raise Unusual
    queue = backend.queues[asked["QueueUrl"].rpartition("/")[2]]
    if queue.fifo_queue or queue.lambda_event_source_mappings:
        raise Unusual
    return queue


def _get_queue_url(backend: SQSBackend, url: str, asked: Any) -> dict[str, Any]:
    if asked.keys() != {"QueueName"}:
        raise Unusual
    return {"QueueUrl": backend.queues[asked["QueueName"]].url(urlparse(url))}


def _send(backend: SQSBackend, url: str, asked: Any) -> dict[str, Any]:
    queue: Any = _queue(backend, asked, "MessageBody")
    body = asked["MessageBody"]
    if type(body) is not str or not 0 < len(body) <= queue.maximum_message_size:
        raise Unusual
    if queue.delay_seconds:
        raise Unusual
    message = Message(str(uuid.uuid4()), body)
    message.mark_sent()
    queue.add_message(message)
    return {"MD5OfMessageBody": message.body_md5, "MessageId": message.id}


def _receive(backend: SQSBackend, url: str, asked: Any) -> dict[str, Any]:
    queue: Any = _queue(
        backend,
        asked,
        "MaxNumberOfMessages",
        "WaitTimeSeconds",
        "VisibilityTimeout",
        "AttributeNames",
        "MessageSystemAttributeNames",
    )
    most = _whole(asked.get("MaxNumberOfMessages", 1), 1, _MOST)
    _whole(asked.get("WaitTimeSeconds", 0), 0, _MAX_WAIT_SECONDS)
    hidden = asked.get("VisibilityTimeout", queue.visibility_timeout)
    _whole(hidden, 0, MAXIMUM_VISIBILITY_TIMEOUT)
    wanted = {*asked.get("AttributeNames", ()), *asked.get("MessageSystemAttributeNames", ())}
    if not wanted <= {"All", *_ATTRIBUTES}:
        raise Unusual
    now = unix_time_millis()
    found, dead = _choose(queue, most, now)
    for message in found:
        _take(queue, message, now, hidden)
    for message in dead:
        queue.pending_messages.discard(message)
        queue._messages.remove(message)
        queue.dead_letter_queue.add_message(message)
    return {"Messages": [_shown(message, wanted) for message in found]} if found else {}


def _choose(queue: Any, most: int, now: float) -> tuple[list[Message], list[Message]]:
    """Give the messages to hand out, and those that were handed out too often."""
    found: list[Message] = []
    dead: list[Message] = []
    tries = _tries(queue)
    kept_since = now - queue.message_retention_period * 1000
    for message in queue._messages:
        if message.visible_at >= now or message.delayed_until > now:
            continue
        if message.approximate_receive_count >= tries:
            dead.append(message)
            continue
        if message.sent_timestamp <= kept_since + 1000 or not _is_plain(message):
            raise Unusual
        found.append(message)
        if len(found) == most:
            break
    return found, dead


def _tries(queue: Any) -> float:
    """Give how often a message is handed out before it is a dead letter."""
    dead = queue.dead_letter_queue
    if dead is None or not queue.redrive_policy:
        return math.inf
    if dead.fifo_queue or dead.lambda_event_source_mappings:
        raise Unusual
    return float(queue.redrive_policy["maxReceiveCount"])


def _is_plain(message: Message) -> bool:
    return not (message.message_attributes or message.system_attributes or message.group_id)


def _take(queue: Queue, message: Message, now: float, seconds: int) -> None:
    """Hand a message out: moto's `mark_received`, which draws each letter of a handle by itself."""
    queue.pending_messages.add(message)
    if not message.approximate_first_receive_timestamp:
        message.approximate_first_receive_timestamp = int(now)
    message.approximate_receive_count += 1
    if seconds:
        message.visible_at = now + seconds * 1000
    message._old_receipt_handles.append(message.receipt_handle)  # type: ignore[arg-type]
    message.receipt_handle = (uuid.uuid4().hex * 6)[:185]


def _shown(message: Message, wanted: set[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt_handle,
        "MD5OfBody": message.body_md5,
        "Body": message.body,
    }
    names = _ATTRIBUTES if "All" in wanted else wanted
    if names:
        shown["Attributes"] = {name: _ATTRIBUTES[name](message) for name in names}
    return shown


def _delete_batch(backend: SQSBackend, url: str, asked: Any) -> dict[str, Any]:
    queue = _queue(backend, asked, "Entries")
    entries = asked["Entries"]
    for entry in entries:
        if entry.keys() != {"Id", "ReceiptHandle"} or {type(it) for it in entry.values()} != {str}:
            raise Unusual
    handles = [entry["ReceiptHandle"] for entry in entries]
    if not entries or len({*handles}) < len(handles):
        raise Unusual
    # Two handles may belong to one message, so it is looked for again when it is deleted.
    found = [handle for handle in handles if handle not in queue.deleted_messages]
    messages = {id(message): message for message in (_by_handle(queue, it) for it in found)}
    for message in messages.values():
        queue._messages.remove(message)
        queue.pending_messages.discard(message)
        queue.deleted_messages.update(message.all_receipt_handles)  # type: ignore[arg-type]
    return {"Successful": [{"Id": entry["Id"]} for entry in entries], "Failed": []}


def _by_handle(queue: Queue, handle: str) -> Message:
    """Give the message that was handed out with a handle."""
    # Most are in flight, and those are fewer.
    for messages in (queue.pending_messages, queue._messages):
        for message in messages:
            if message.receipt_handle == handle or handle in message._old_receipt_handles:
                return message
    raise Unusual


def _change_visibility(backend: SQSBackend, url: str, asked: Any) -> dict[str, Any]:
    queue = _queue(backend, asked, "ReceiptHandle", "VisibilityTimeout")
    seconds = _whole(asked["VisibilityTimeout"], 0, MAXIMUM_VISIBILITY_TIMEOUT)
    message: Any = _by_handle(queue, asked["ReceiptHandle"])
    until = unix_time_millis() + seconds * 1000
    if until - message.sent_timestamp > _MAX_HIDDEN_SECONDS * 1000 - 1000:
        raise Unusual
    message.visible_at = until
    if not seconds:
        queue.pending_messages.discard(message)
    return {}


def _whole(given: Any, least: int, most: int) -> int:
    if type(given) is not int or not least <= given <= most:
        raise Unusual
    return given


def _get_attributes(backend: SQSBackend, url: str, asked: Any) -> dict[str, Any]:
    queue = _queue(backend, asked, "AttributeNames")
    names, now = asked["AttributeNames"], unix_time_millis()
    if not names:
        raise Unusual
    return {"Attributes": {name: str(_COUNTS[name](queue._messages, now)) for name in names}}


_COUNTS: dict[str, Callable[[list[Message], float], int]] = {
    "ApproximateNumberOfMessages": lambda messages, now: sum(
        it.visible_at < now and it.delayed_until <= now for it in messages
    ),
    "ApproximateNumberOfMessagesNotVisible": lambda messages, now: sum(
        it.visible_at >= now for it in messages
    ),
    "ApproximateNumberOfMessagesDelayed": lambda messages, now: sum(
        it.delayed_until > now for it in messages
    ),
}
ACTIONS: dict[str, Action] = {
    "GetQueueUrl": _get_queue_url,
    "SendMessage": _send,
    "ReceiveMessage": _receive,
    "DeleteMessageBatch": _delete_batch,
    "ChangeMessageVisibility": _change_visibility,
    "GetQueueAttributes": _get_attributes,
}


def answer(action: str, backend: SQSBackend, url: str, asked: Any) -> Answer:
    """Answer an action. Raises an exception, and has changed nothing, if it is moto's to answer."""
    return written(ACTIONS[action](backend, url, asked))
