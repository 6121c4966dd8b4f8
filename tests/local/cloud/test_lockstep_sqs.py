"""The straight door and moto's own, in lockstep: the same random requests to SQS.

LOCKSTEP=1000000 makes that many requests, SEED=2 others. The clock is moto's, but time passes when
the test says so: all that is stored gets older at once. One step is far longer than the test takes.
"""

import json
import os
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from moto.sqs.models import sqs_backends

from local.cloud import door, sqs
from local.cloud.answers import Answer
from tests.local.cloud.doors import ACCOUNT, MOTO, STRAIGHT, Doors, Said, how_many, progress
from tests.local.cloud.queue_state import age, alike, stored

REQUESTS = 7_000
STEP = 100

COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

QUEUE, DEAD = (f"http://127.0.0.1:1/{ACCOUNT}/{name}" for name in ("hints", "dead"))


@pytest.fixture(autouse=True)
def _queues() -> Iterator[None]:
    doors = Doors("AmazonSQS")
    for region in (MOTO, STRAIGHT):
        redrive = {"deadLetterTargetArn": f"arn:aws:sqs:{region}:{ACCOUNT}:dead"}
        policy = json.dumps({**redrive, "maxReceiveCount": 3})
        own = {"VisibilityTimeout": str(STEP), "RedrivePolicy": policy}
        assert doors.moto("CreateQueue", {"QueueName": "dead"}, region).status == 200
        made = doors.moto("CreateQueue", {"QueueName": "hints", "Attributes": own}, region)
        assert made.status == 200
    yield
    for region in (MOTO, STRAIGHT):
        sqs_backends[ACCOUNT][region].reset()


class Lockstep:
    """Random requests, and where the doors differ. Receipt handles differ by right."""

    def __init__(self, doors: Doors, seed: int) -> None:
        self._doors, self._chance = doors, random.Random(seed)
        #: The handles of each message that each door has handed out, by its body.
        self._handles: dict[str, dict[str, list[str]]] = {MOTO: {}, STRAIGHT: {}}
        self._sent = 0

    def differences(self, count: int) -> Iterator[str]:
        for number in range(count):
            action, body = self._request()
            said = {
                MOTO: self._doors.moto(action, self._with_handles(body, MOTO), MOTO),
                STRAIGHT: self._doors.straight(action, self._with_handles(body, STRAIGHT)),
            }
            for region, answer in said.items():
                self._keep(answer.body, region)
            if action == "DeleteMessageBatch" and self._chance.random() < 0.9:
                self._forget(body)
            if not self._alike(said[MOTO], said[STRAIGHT]):
                yield f"request {number}: {action} {body}\n{said[MOTO]}\n{said[STRAIGHT]}"
            if not alike(stored(MOTO), stored(STRAIGHT)):
                yield f"queues after {number}: {action} {body}\n{stored(MOTO)}\n{stored(STRAIGHT)}"
            if self._chance.random() < 0.1:
                self._pass_time(self._chance.choice([1, 1, 2, 5]) * STEP)
            progress(number + 1, count)

    def _request(self) -> tuple[str, dict[str, Any]]:
        chance, kind = self._chance, self._chance.random()
        queue = {"QueueUrl": chance.choice([QUEUE] * 9 + [DEAD])}
        if chance.random() < 0.01:
            queue = {"QueueUrl": f"{QUEUE}-none"}
        if chance.random() < 0.02:
            return "PurgeQueue", {"QueueUrl": DEAD}
        if kind < 0.28:
            return "SendMessage", {**queue, **self._message()}
        if kind < 0.62:
            return "ReceiveMessage", {**queue, **self._how()}
        if kind < 0.8:
            ids = range(chance.choice([1, 1, 2, 3, 10]))
            entries = [{"Id": str(it), "ReceiptHandle": self._received()} for it in ids]
            return "DeleteMessageBatch", {**queue, "Entries": entries[chance.random() < 0.02 :]}
        if kind < 0.88:
            seconds = chance.choice([0, 0, STEP, STEP, 2 * STEP, 43_200, 50_000])
            own = {"ReceiptHandle": self._received(), "VisibilityTimeout": seconds}
            return "ChangeMessageVisibility", {**queue, **own}
        if kind < 0.98:
            names = chance.choice([COUNTS, COUNTS[:1], ["DelaySeconds"], ["nothing"], []])
            return "GetQueueAttributes", {**queue, "AttributeNames": names}
        return "GetQueueUrl", {"QueueName": chance.choice(["hints", "dead", "none"])}

    def _message(self) -> dict[str, Any]:
        self._sent += 1
        message: dict[str, Any] = {"MessageBody": f"hint {self._sent} é"}
        kind = self._chance.random()
        if kind < 0.03:
            message["DelaySeconds"] = self._chance.choice([0, STEP, 1000])
        elif kind < 0.05:
            message["MessageAttributes"] = {"a": {"DataType": "String", "StringValue": "b"}}
        elif kind < 0.06:
            message["MessageBody"] = self._chance.choice(["", "x" * 2_000_000])
        return message

    def _how(self) -> dict[str, Any]:
        chance = self._chance
        how: dict[str, Any] = {
            "MaxNumberOfMessages": chance.choice([1, 1, 2, 3, 10, 10, 10, 10, 11, 0]),
            "WaitTimeSeconds": 0,
            "AttributeNames": chance.choice([["All"], ["All"], [], ["SentTimestamp"]]),
        }
        if chance.random() < 0.3:
            how["VisibilityTimeout"] = chance.choice([0, STEP, 2 * STEP, 50_000])
        if chance.random() < 0.05:
            how["MessageAttributeNames"] = ["All"]
        return {name: it for name, it in how.items() if chance.random() < 0.97}

    def _received(self) -> str:
        """Give the body of a message, in the place of its handle."""
        bodies = [*self._handles[MOTO]]
        if not bodies or self._chance.random() < 0.03:
            return "of nothing"
        near = bodies[-20:] if self._chance.random() < 0.8 else bodies
        return self._chance.choice(near) + self._chance.choice(["", "", "", " before"])

    def _with_handles(self, body: dict[str, Any], region: str) -> dict[str, Any]:
        if "Entries" in body:
            entries = [self._with_handles(entry, region) for entry in body["Entries"]]
            return {**body, "Entries": entries}
        if "ReceiptHandle" not in body:
            return body
        name = body["ReceiptHandle"]
        handles = self._handles[region].get(name.removesuffix(" before"), [name])
        return {**body, "ReceiptHandle": handles[0 if name.endswith("before") else -1]}

    def _keep(self, body: Any, region: str) -> None:
        for message in (body or {}).get("Messages", []):
            of = self._handles[region].setdefault(message["Body"], [])
            of.append(message["ReceiptHandle"])

    def _forget(self, body: dict[str, Any]) -> None:
        """Ask for most messages no more once they are deleted."""
        for entry in body["Entries"]:
            for handles in self._handles.values():
                handles.pop(entry["ReceiptHandle"].removesuffix(" before"), None)

    def _alike(self, moto: Said, straight: Said) -> bool:
        return moto[::2] == straight[::2] and alike(
            self._without_chance(moto.body, MOTO), self._without_chance(straight.body, STRAIGHT)
        )

    def _without_chance(self, body: Any, region: str) -> Any:
        """Put the body of a message in the place of its handles, and nothing for ids."""
        if not isinstance(body, dict):
            return body
        if "MessageId" in body:
            return {**body, "MessageId": ""}
        if "Messages" in body:
            return [{**it, "MessageId": "", "ReceiptHandle": ""} for it in body["Messages"]]
        names = {
            handle: f"{name} {number}"
            for name, handles in self._handles[region].items()
            for number, handle in enumerate(handles)
        }
        text = re.sub(
            r"[a-z0-9]{185}", lambda found: names.get(found[0], "a handle"), json.dumps(body)
        )
        return json.loads(text)

    def _pass_time(self, seconds: float) -> None:
        for region in (MOTO, STRAIGHT):
            for queue in sqs_backends[ACCOUNT][region].queues.values():
                queue.last_purged_at = (queue.last_purged_at or 0) - seconds
                for message in queue._messages:
                    age(message, seconds * 1000)


@pytest.mark.usefixtures("uncovered")
def test_both_doors_answer_and_store_the_same() -> None:
    doors = Doors("AmazonSQS")
    lockstep = Lockstep(doors, int(os.environ.get("SEED", "1")))
    assert next(lockstep.differences(how_many(REQUESTS)), None) is None
    for action in sqs.ACTIONS:
        asked = doors.asked[action]
        assert doors.by_itself[action] > asked / 5, action


def test_a_door_that_ignores_how_long_a_message_is_hidden_is_noticed() -> None:
    def straight(target: str, authorization: str, url: str, body: bytes) -> Answer | None:
        asked = {name: it for name, it in json.loads(body).items() if name != "VisibilityTimeout"}
        return door.answer(target, authorization, url, json.dumps(asked).encode())

    lockstep = Lockstep(Doors("AmazonSQS", straight), seed=1)
    assert next(lockstep.differences(2_000), None) is not None


def test_a_door_that_keeps_what_is_deleted_is_noticed() -> None:
    def straight(target: str, authorization: str, url: str, body: bytes) -> Answer | None:
        before = {name: [*it._messages] for name, it in queues.items()}
        answer = door.answer(target, authorization, url, body)
        if answer and target.endswith(".DeleteMessageBatch"):
            for name, queue in queues.items():
                queue._messages = before[name]
        return answer

    queues = sqs_backends[ACCOUNT][STRAIGHT].queues
    lockstep = Lockstep(Doors("AmazonSQS", straight), seed=1)
    assert (next(lockstep.differences(2_000)) or "").startswith("queues after")
