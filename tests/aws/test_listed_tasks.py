"""The list of v3's tasks, for DynamoDB and for the fake."""

from collections.abc import Iterable
from typing import Any

import boto3
import pytest

from chalicelib.aws.items import to_item
from chalicelib.aws.task_store import DynamoTaskStore
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.model import Task
from chalicelib.tasks.ports import Store
from tests.support.records import NOW, a_task

NAMES = {name: f"hoststat-dev-{name}" for name in ("tasks", "reports", "keys")}
#: More tasks than a test makes.
_MOST = 100


def place(task: Task) -> Cursor:
    return Cursor(task.created_at, task.task_id)


def paged(store: Store, page: int) -> list[Task]:
    """Give the whole list, read page by page."""
    found: list[Task] = []
    after = None
    while more := [task for task, _ in zip(store.newest(after, page), range(page), strict=False)]:
        found += more
        after = place(more[-1])
        assert len(found) <= _MOST, "the list does not end"
    return found


@pytest.mark.parametrize("page", [1, 7, 50])
def test_tasks_of_one_moment_are_all_in_the_pages_once(store: Store, page: int) -> None:
    group = [a_task(version="v3", created_at=NOW) for _ in range(20)]
    before, after = (a_task(version="v3", created_at=NOW + number) for number in (-1, 1))
    for task in [before, *group, after, a_task(version="v2")]:
        store.create(task)
    found = paged(store, page)
    assert (found[0], found[-1]) == (after, before)
    assert sorted(found[1:-1], key=place) == sorted(group, key=place)


def stored(client: Any, many: int) -> tuple[DynamoTaskStore, list[Task]]:
    """Give a store, and that many tasks of one moment that it has."""
    store = DynamoTaskStore(client, **NAMES)
    group = [a_task(version="v3", created_at=NOW) for _ in range(many)]
    for task in group:
        store.create(task)
    return store, group


def list_as_before(client: Any, tasks: Iterable[Task]) -> None:
    """List tasks as the release before has done it."""
    for task in tasks:
        client.update_item(
            TableName=NAMES["tasks"],
            Key=to_item({"task_id": task.task_id}),
            UpdateExpression="SET listed = :before",
            ExpressionAttributeValues={":before": {"S": "v3"}},
        )


def test_the_tasks_that_the_release_before_has_listed_are_among_them(cloud: Any) -> None:
    client = boto3.client("dynamodb")
    store = DynamoTaskStore(client, **NAMES)
    tasks = [a_task(version="v3", created_at=NOW - number) for number in range(9)]
    for task in tasks:
        store.create(task)
    list_as_before(client, tasks[::2])
    for page in (1, 2, 9):
        assert paged(store, page) == tasks


def test_a_group_that_two_releases_have_made_is_in_the_pages_once(cloud: Any) -> None:
    client = boto3.client("dynamodb")
    store, group = stored(client, 24)
    list_as_before(client, group[:12])
    for page in (1, 2, 3, 5, 7):
        assert sorted(paged(store, page), key=place) == sorted(group, key=place)


def test_a_list_goes_on_after_a_task_that_was_deleted(cloud: Any) -> None:
    client = boto3.client("dynamodb")
    store, _ = stored(client, 12)
    whole = paged(store, 5)
    for number, task in enumerate(whole):
        client.delete_item(TableName=NAMES["tasks"], Key=to_item({"task_id": task.task_id}))
        assert list(store.newest(place(task), 5)) == whole[number + 1 :]
