"""The state of the queues of a region, and whether two of them are alike."""

from typing import Any

from moto.sqs.models import Message, sqs_backends

from tests.local.cloud.doors import ACCOUNT

#: Milliseconds by which what one door has written may be later than what the other has.
APART = 10_000

TIMES = ("SentTimestamp", "ApproximateFirstReceiveTimestamp")


def age(message: Any, by: float) -> None:
    message.visible_at -= by
    message.delayed_until -= by
    message.sent_timestamp -= int(by)
    if message.approximate_first_receive_timestamp:
        message.approximate_first_receive_timestamp -= int(by)


def stored(region: str) -> Any:
    """Give all that is stored, but handles and ids."""
    return [
        [
            _message(message, message in queue.pending_messages, queue.deleted_messages)
            for message in queue._messages
        ]
        + [len(queue.pending_messages), len(queue.deleted_messages - {None})]
        for queue in sqs_backends[ACCOUNT][region].queues.values()
    ]


def _message(message: Message, pending: bool, deleted: set[str]) -> list[Any]:
    times: list[Any] = [
        message.sent_timestamp,
        message.approximate_first_receive_timestamp,
        message.visible_at,
        message.delayed_until,
    ]
    handles = len(message.all_receipt_handles), deleted.isdisjoint(message.all_receipt_handles)
    return [message.body, message.approximate_receive_count, pending, *handles, *times]


def alike(one: Any, other: Any) -> bool:
    """Whether two are the same but for times, which the doors wrote one after the other."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            alike(float(it), float(other[name])) if name in TIMES else alike(it, other[name])
            for name, it in one.items()
        )
    if isinstance(one, float | int) and isinstance(other, float | int) and abs(one) > APART:
        return abs(one - other) < APART
    return bool(one == other)
