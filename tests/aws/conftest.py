"""The two stores of tasks, which have the same contract: DynamoDB and the fake."""

from collections.abc import Iterator

import boto3
import pytest

from chalicelib.aws.task_store import DynamoTaskStore
from chalicelib.tasks.ports import Store
from tests.support.memory_store import MemoryStore


@pytest.fixture(params=["memory", "dynamo"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
    else:
        request.getfixturevalue("cloud")
        yield DynamoTaskStore(
            boto3.client("dynamodb"),
            tasks="hoststat-dev-tasks",
            reports="hoststat-dev-reports",
            keys="hoststat-dev-keys",
        )
