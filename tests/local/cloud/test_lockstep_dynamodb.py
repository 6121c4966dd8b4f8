"""The straight door and moto's own, in lockstep: the same random requests to DynamoDB.

LOCKSTEP=1000000 makes that many requests, SEED=2 others.
"""

import copy
import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item

from local.cloud import door, dynamodb
from local.cloud.answers import Answer
from tests.local.cloud import random_requests
from tests.local.cloud.doors import ACCOUNT, MOTO, STRAIGHT, Doors, how_many, progress
from tests.local.cloud.random_requests import Requests

REQUESTS = 13_000


@pytest.fixture(autouse=True)
def _tables() -> Iterator[None]:
    doors = Doors("DynamoDB_20120810")
    for region in (MOTO, STRAIGHT):
        for name in random_requests.TABLES:
            made = doors.moto("CreateTable", random_requests.table(name), region)
            assert made.status == 200
    yield
    for region in (MOTO, STRAIGHT):
        dynamodb_backends[ACCOUNT][region].reset()


def stored(region: str) -> dict[str, Any]:
    """Give all that is stored, to the letter."""
    found = {}
    for name in random_requests.TABLES:
        items: Any = dynamodb_backends[ACCOUNT][region].tables[name].items
        for first in items.values():
            for item in [first] if isinstance(first, Item) else first.values():
                second = item.range_key and item.range_key.value
                key = name, item.hash_key.type, item.hash_key.value, second
                found[repr(key)] = {name: _plain(it) for name, it in item.attrs.items()}
    return found


def _plain(it: Any) -> Any:
    plain = (it.type, it.value)
    return plain if it.type in ("S", "N", "BOOL") else json.dumps(it.to_regular_json())


def differences(doors: Doors, count: int, seed: int) -> Iterator[str]:
    """Make random requests and tell where the doors differ."""
    requests = Requests(random.Random(seed))
    for number in range(count):
        asked = requests.next()
        moto, straight = doors.both(*asked)
        if moto != straight:
            yield f"request {number}: {json.dumps(asked)}\n{moto}\n{straight}"
        if stored(MOTO) != stored(STRAIGHT):
            yield f"tables after {number}: {json.dumps(asked)}\n{stored(MOTO)}\n{stored(STRAIGHT)}"
        requests.follow(asked, moto.body)
        progress(number + 1, count)


@pytest.mark.usefixtures("uncovered")
def test_both_doors_answer_and_store_the_same() -> None:
    doors = Doors("DynamoDB_20120810")
    seed = int(os.environ.get("SEED", "1"))
    assert next(differences(doors, how_many(REQUESTS), seed), None) is None
    for action in dynamodb.ACTIONS:
        # The rest is refused, or nothing that hoststat would ask.
        assert doors.by_itself[action] > doors.asked[action] / 10, action


def ignoring(what: str) -> Doors:
    """Give doors of which the straight one does not see a part of each request."""

    def straight(target: str, authorization: str, url: str, body: bytes) -> Answer | None:
        asked = {name: it for name, it in json.loads(body).items() if name != what}
        return door.answer(target, authorization, url, json.dumps(asked).encode())

    return Doors("DynamoDB_20120810", straight)


@pytest.mark.parametrize("what", ["ConditionExpression", "ScanIndexForward", "ExclusiveStartKey"])
def test_a_door_that_ignores_something_is_noticed(what: str) -> None:
    assert next(differences(ignoring(what), 2_000, seed=1), None) is not None


def test_a_door_that_answers_well_but_writes_nothing_is_noticed() -> None:
    def straight(target: str, authorization: str, url: str, body: bytes) -> Answer | None:
        tables = dynamodb_backends[ACCOUNT][STRAIGHT].tables
        before = {name: copy.deepcopy(table.items) for name, table in tables.items()}
        answer = door.answer(target, authorization, url, body)
        if answer and target.endswith(".UpdateItem"):
            for name, table in tables.items():
                table.items = before[name]
        return answer

    doors = Doors("DynamoDB_20120810", straight)
    assert (next(differences(doors, 2_000, seed=1)) or "").startswith("tables after")
