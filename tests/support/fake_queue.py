"""A fake of the queue that a poller asks."""

from typing import Any

from chalicelib import errors


class Queue:
    """A fake queue. It gives batches of messages, or raises errors."""

    def __init__(self, *batches: list[str] | Exception) -> None:
        self.batches = list(batches)
        self.acknowledged: list[list[str]] = []
        self.put_back_: list[str] = []
        self.reached, self.out = 0, False

    def receive(self, most: int, seconds: int) -> list[dict[str, Any]]:
        batch = self.batches.pop(0) if self.batches else []
        if isinstance(batch, Exception):
            raise batch
        assert len(batch) <= most
        return [
            {"MessageId": body, "ReceiptHandle": body, "Body": body, "MD5OfBody": ""}
            for body in batch
        ]

    def acknowledge(self, messages: list[dict[str, Any]]) -> None:
        self.acknowledged.append([message["Body"] for message in messages])

    def all_acknowledged(self) -> list[str]:
        return sorted(body for batch in self.acknowledged for body in batch)

    def reach(self) -> None:
        self.reached += 1
        if self.out:
            raise errors.Outage

    def put_back(self, message: dict[str, Any]) -> None:
        self.put_back_.append(message["Body"])
