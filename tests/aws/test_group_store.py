"""The two stores of groups, which have the same contract: DynamoDB and the fake."""

from collections.abc import Iterator

import boto3
import pytest

from chalicelib import errors, ids
from chalicelib.aws.group_store import DynamoGroupStore
from chalicelib.measure.model import Window
from chalicelib.tasks.group import Group
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import State, What
from chalicelib.tasks.ports import GroupStore, Store
from tests.support.memory_groups import MemoryGroups
from tests.support.memory_store import MemoryStore
from tests.support.records import NOW, a_report, a_task


@pytest.fixture
def groups(store: Store) -> Iterator[GroupStore]:
    if isinstance(store, MemoryStore):
        yield MemoryGroups(store)
    else:
        yield DynamoGroupStore(
            boto3.client("dynamodb"), groups="hoststat-dev-groups", keys="hoststat-dev-keys"
        )


def a_group(**fields: object) -> Group:
    group = Group(
        group_id=ids.new_id(),
        hosts=("db-1", "web-1"),
        what=What.IOSTAT,
        window=Window(3, 1, extended=True),
        owner="jluser",
        created_at=NOW,
        start_by=NOW + 600,
        expires_at=int(NOW) + 1000,
    )
    return group._replace(**fields)  # type: ignore[arg-type]


def a_key(group: Group) -> IdempotencyKey:
    return IdempotencyKey("digest", group.group_id, group.window, NOW + 60, asked="this")


class TestGroups:
    def test_a_group_is_given_as_it_was_stored(self, groups: GroupStore) -> None:
        group = a_group()
        assert groups.create(group) is None
        assert groups.create(group) is None
        assert groups.get(group.group_id) == group
        assert groups.get(ids.new_id()) is None

    def test_a_key_is_for_one_group(self, groups: GroupStore, store: Store) -> None:
        group, other = a_group(), a_group()
        assert groups.create(group, a_key(group)) is None
        assert groups.create(group, a_key(group)) is None
        assert groups.create(other, a_key(other)) == a_key(group)
        assert groups.get(other.group_id) is None
        assert store.key("digest", NOW) == a_key(group)

    def test_it_is_unmade_until_it_is_marked(self, groups: GroupStore) -> None:
        first, second = a_group(), a_group(created_at=NOW + 10)
        for group in (first, second):
            groups.create(group)
        assert list(groups.unmade(NOW)) == []
        assert list(groups.unmade(NOW + 5)) == [first.group_id]
        assert set(groups.unmade(NOW + 20)) == {first.group_id, second.group_id}
        groups.mark_made(first.group_id)
        groups.mark_made(first.group_id)
        assert list(groups.unmade(NOW + 20)) == [second.group_id]

    def test_a_cancel_is_noted_once_and_is_to_be_made(self, groups: GroupStore) -> None:
        group = a_group()
        groups.create(group)
        groups.mark_made(group.group_id)
        cancelled = group._replace(cancelled_at=NOW + 7)
        assert groups.cancel(group.group_id, NOW + 7) == cancelled
        assert groups.cancel(group.group_id, NOW + 9) == cancelled
        assert groups.get(group.group_id) == cancelled
        assert list(groups.unmade(NOW + 20)) == [group.group_id]

    def test_what_is_not_there_is_not_made_by_a_change(self, groups: GroupStore) -> None:
        for change in (lambda: groups.cancel("x", NOW), lambda: groups.mark_made("x")):
            with pytest.raises(errors.NoSuchGroup):
                change()
        assert groups.get("x") is None


class TestTasks:
    def test_those_that_are_there_stay_as_they_are(self, store: Store) -> None:
        tasks = [a_task() for _ in range(25)]
        store.create_many(tasks[3:5])
        store.cancel(tasks[3].task_id, "v2", NOW, NOW + 50)
        store.create_many(tasks)
        store.create_many(tasks)
        found = {it.task_id: it for it in store.get_many([it.task_id for it in tasks])}
        assert found[tasks[3].task_id].state is State.REVOKED
        assert [found[it.task_id] for it in tasks[4:]] == tasks[4:]

    def test_one_of_a_group_is_kept_as_long_as_the_group(self, store: Store) -> None:
        group = a_group()
        tasks = group.tasks(60)
        store.create_many(tasks)
        revoked = store.cancel(tasks[0].task_id, "v3", NOW, NOW + 50)
        assert revoked.expires_at == group.expires_at
        assert store.get_many([tasks[0].task_id], fresh=False) == [revoked]
        alone = a_task()
        store.create(alone)
        assert store.cancel(alone.task_id, "v2", NOW, NOW + 50).expires_at == NOW + 50

    def test_reports_are_given_by_their_places(self, store: Store) -> None:
        first, second = a_task(), a_task()
        for task, index in ((first, 0), (first, 1), (second, 1)):
            store.put_report(task.task_id, a_report(index), NOW + 50)
        asked = [(first.task_id, 1), (second.task_id, 0), (second.task_id, 1)]
        assert store.reports_at(asked) == {asked[0]: a_report(1), asked[2]: a_report(1)}
        assert store.reports_at([]) == {}
