"""The contract of `tasks.ports.Store`, for DynamoDB and for the fake."""

from typing import Any

import pytest

from chalicelib import errors, ids
from chalicelib.aws.task_store import DynamoTaskStore
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import Task
from chalicelib.tasks.ports import Refused, Store
from tests.support.records import NOW, a_report, a_task, claimed


class TestDue:
    def test_tasks_that_are_due_come_first_and_then_those_that_are_due_too_late(
        self, store: Store
    ) -> None:
        tasks = [a_task(due_at=NOW + after) for after in (3, 1, 4, 9, 5)]
        for task in tasks:
            store.create(task)
        found = list(store.due(NOW + 3, NOW + 4))
        assert found == [tasks[number].task_id for number in (1, 0, 4, 3)]


class TestCreate:
    def test_a_created_task_can_be_read_whole(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        assert store.get(task.task_id) == task

    def test_a_task_that_was_not_created_is_not_found(self, store: Store) -> None:
        assert store.get(ids.new_id()) is None

    def test_again_changes_nothing(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        store.create(task)
        assert store.get(task.task_id) == task

    def test_again_succeeds_after_others_have_changed_the_task(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        store.move(task, task._replace(hints=1, due_at=NOW + 180))
        store.create(task)

    def test_an_id_that_is_taken_is_refused(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        with pytest.raises(Refused) as refused:
            store.create(task._replace(created_at=NOW + 1))
        assert refused.value.old == task

    def a_key(self, task: Task, **fields: Any) -> IdempotencyKey:
        key = IdempotencyKey(
            key="digest", task_id=task.task_id, window=task.window, valid_until=NOW + 9
        )
        return key._replace(**fields)

    def test_a_key_is_stored_with_its_task_and_stops_another_create(self, store: Store) -> None:
        first, second = a_task(), a_task(created_at=NOW + 8)
        key = self.a_key(first)
        assert store.create(first, key) is None
        assert store.create(first, key) is None
        assert store.create(second, self.a_key(second)) == key
        assert store.get(first.task_id) == first
        assert store.get(second.task_id) is None

    def test_a_key_can_be_used_again_when_its_time_is_over(self, store: Store) -> None:
        first, second = a_task(), a_task(created_at=NOW + 9)
        store.create(first, self.a_key(first))
        assert store.create(second, self.a_key(second, valid_until=NOW + 99)) is None
        assert store.get(second.task_id) == second

    def test_many_are_read_at_once(self, store: Store) -> None:
        made = [a_task() for _ in range(130)]
        for task in made:
            store.create(task)
        found = store.get_many([task.task_id for task in made] + [ids.new_id()])
        assert sorted(found, key=lambda task: task.task_id) == sorted(
            made, key=lambda task: task.task_id
        )


def test_a_batch_that_dynamodb_never_finishes_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy:
        asked = 0

        def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803
            self.asked += 1
            return {"Responses": {}, "UnprocessedKeys": RequestItems}

    monkeypatch.setattr("chalicelib.aws.dynamodb._PAUSES", (0, 0, 0))
    busy = Busy()
    with pytest.raises(errors.Outage):
        DynamoTaskStore(busy, tasks="tasks", reports="reports", keys="keys").get_many(
            [ids.new_id()]
        )
    assert busy.asked == 3


class TestReports:
    def test_reports_come_in_order_as_far_as_the_task_counts_them(self, store: Store) -> None:
        task = claimed(store)
        for index in (1, 0, 2):
            store.put_report(task.task_id, a_report(index), NOW + 900)
        counted = task._replace(done=2)
        assert list(store.reports(counted)) == [a_report(0), a_report(1)]
        assert list(store.reports(task)) == []

    def test_reports_can_be_read_from_any_index(self, store: Store) -> None:
        task = claimed(store)
        for index in range(4):
            store.put_report(task.task_id, a_report(index), NOW + 900)
        counted = task._replace(done=3)
        found = {since: [it.index for it in store.reports(counted, since)] for since in range(5)}
        assert found == {0: [0, 1, 2], 1: [1, 2], 2: [2], 3: [], 4: []}

    def test_a_report_that_was_written_with_the_end_is_the_last(self, store: Store) -> None:
        task = claimed(store)
        for index in range(2):
            store.put_report(task.task_id, a_report(index), NOW + 900)
        last = a_report(2)
        counted = task._replace(done=3, reported_at=last.at, last=last.text)
        store.move(task, counted)
        task = store.get(task.task_id) or task
        found = {since: list(store.reports(task, since)) for since in range(4)}
        assert found[0] == [a_report(0), a_report(1), last]
        assert found == {since: found[0][since:] for since in range(4)}

    def test_again_changes_nothing(self, store: Store) -> None:
        task = claimed(store)
        store.put_report(task.task_id, a_report(0), NOW + 900)
        store.put_report(task.task_id, a_report(0), NOW + 900)
        assert list(store.reports(task._replace(done=1))) == [a_report(0)]

    def test_a_later_run_writes_over_an_earlier_one_and_never_the_other_way(
        self, store: Store
    ) -> None:
        task = claimed(store)
        store.put_report(task.task_id, a_report(0, run=1), NOW + 900)
        store.put_report(task.task_id, a_report(0, run=2), NOW + 900)
        with pytest.raises(Refused) as refused:
            store.put_report(task.task_id, a_report(0, run=1), NOW + 900)
        assert refused.value.old is None
        assert list(store.reports(task._replace(done=1))) == [a_report(0, run=2)]

    def test_reports_of_more_than_one_page_are_read(self, store: Store) -> None:
        task = claimed(store)
        long = "x" * 300_000
        reports = [a_report(index)._replace(text=long) for index in range(5)]
        for report in reports:
            store.put_report(task.task_id, report, NOW + 900)
        assert list(store.reports(task._replace(done=5))) == reports
