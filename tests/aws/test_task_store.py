"""The contract of a store, kept by DynamoDB and by the fake alike."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from chalicelib import errors
from chalicelib.aws.task_store import DynamoTaskStore
from chalicelib.measure.model import Window
from chalicelib.tasks import model as tasks
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import Claim, Report, State, Task
from chalicelib.tasks.ports import Refused, Store
from tests.support.fakes import MemoryStore

NOW = 1_800_000_000.25


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


def a_task(**fields: Any) -> Task:
    task = Task(
        task_id=tasks.new_id(),
        version="v2",
        window=Window(3, 1),
        created_at=NOW,
        due_at=NOW + 60,
    )
    return dataclasses.replace(task, **fields)


def a_claim(task: Task, **fields: Any) -> Claim:
    claim = Claim(
        task_id=task.task_id,
        token=tasks.new_id(),
        host="web-1",
        source="iostat",
        started_at=NOW + 1,
        lease_until=NOW + 91,
        due_at=NOW + 100,
    )
    return dataclasses.replace(claim, **fields)


def a_report(index: int, *, run: int = 1) -> Report:
    return Report(index=index, run=run, at=NOW + index, text=f"report {index} of run {run}\n")


def claimed(store: Store, **fields: Any) -> Task:
    task = a_task(**fields)
    store.create(task)
    return store.claim(a_claim(task))


class TestCreate:
    def test_a_created_task_can_be_read_whole(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        assert store.get(task.task_id) == task

    def test_there_is_none_that_was_not_created(self, store: Store) -> None:
        assert store.get(tasks.new_id()) is None

    def test_again_changes_nothing(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        store.create(task)
        assert store.get(task.task_id) == task

    def test_again_succeeds_though_others_have_touched_it_since(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        store.move(task, dataclasses.replace(task, hints=1, due_at=NOW + 180))
        store.create(task)

    def test_an_id_that_is_taken_is_refused(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        with pytest.raises(Refused) as refused:
            store.create(dataclasses.replace(task, created_at=NOW + 1))
        assert refused.value.old == task

    def a_key(self, task: Task, **fields: Any) -> IdempotencyKey:
        key = IdempotencyKey(
            key="digest", task_id=task.task_id, window=task.window, held_until=NOW + 9
        )
        return dataclasses.replace(key, **fields)

    def test_a_key_is_kept_with_the_task_and_holds_off_others(self, store: Store) -> None:
        first, second = a_task(), a_task(created_at=NOW + 8)
        key = self.a_key(first)
        assert store.create(first, key) is None
        assert store.create(first, key) is None
        assert store.create(second, self.a_key(second)) == key
        assert store.get(first.task_id) == first
        assert store.get(second.task_id) is None

    def test_a_key_is_free_again_when_its_time_is_over(self, store: Store) -> None:
        first, second = a_task(), a_task(created_at=NOW + 9)
        store.create(first, self.a_key(first))
        assert store.create(second, self.a_key(second, held_until=NOW + 99)) is None
        assert store.get(second.task_id) == second

    def test_many_are_read_at_once(self, store: Store) -> None:
        made = [a_task() for _ in range(130)]
        for task in made:
            store.create(task)
        found = store.get_many([task.task_id for task in made] + [tasks.new_id()])
        assert sorted(found, key=lambda task: task.task_id) == sorted(
            made, key=lambda task: task.task_id
        )


def test_what_dynamodb_never_gets_to_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy:
        asked = 0

        def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803
            self.asked += 1
            return {"Responses": {}, "UnprocessedKeys": RequestItems}

    monkeypatch.setattr("chalicelib.aws.dynamodb._PAUSES", (0, 0, 0))
    busy = Busy()
    with pytest.raises(errors.Outage):
        DynamoTaskStore(busy, tasks="tasks", reports="reports", keys="keys").get_many(
            [tasks.new_id()]
        )
    assert busy.asked == 3


class TestClaim:
    def test_a_queued_task_is_started_by_its_first_run(self, store: Store) -> None:
        task = a_task(hints=2)
        store.create(task)
        claim = a_claim(task)
        expected = dataclasses.replace(
            task, state=State.STARTED, run=1, hints=0, **dataclasses.asdict(claim)
        )
        assert store.claim(claim) == expected
        assert store.get(task.task_id) == expected

    def test_a_task_is_claimed_once(self, store: Store) -> None:
        task = claimed(store)
        with pytest.raises(Refused) as refused:
            store.claim(a_claim(task))
        assert refused.value.old == task

    def test_again_with_the_same_token_is_the_same_claim(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        claim = a_claim(task)
        assert store.claim(claim) == store.claim(claim)

    def test_a_claim_that_was_cancelled_before_its_answer_came_is_none(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        claim = a_claim(task)
        store.claim(claim)
        store.cancel(task.task_id, "v2", NOW + 2, NOW + 50)
        with pytest.raises(Refused):
            store.claim(claim)

    def test_a_task_that_was_given_back_is_claimed_by_its_next_run(self, store: Store) -> None:
        first = claimed(store)
        store.move(first, dataclasses.replace(first, lease_until=0))
        second = store.claim(a_claim(first, started_at=NOW + 50))
        assert (second.run, second.started_at) == (2, first.started_at)

    def test_what_is_not_there_is_refused_and_not_made(self, store: Store) -> None:
        task = a_task()
        with pytest.raises(Refused) as refused:
            store.claim(a_claim(task))
        assert refused.value.old is None
        assert store.get(task.task_id) is None


class TestMove:
    def test_it_writes_what_changed_and_removes_what_is_none(self, store: Store) -> None:
        before = claimed(store)
        after = tasks.ended(before, State.FAILURE, at=NOW + 5, keep_days=7, error="It broke.")
        store.move(before, after)
        assert store.get(before.task_id) == after

    def test_two_that_change_different_things_both_count(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, dataclasses.replace(task, lease_until=NOW + 500))
        store.move(task, dataclasses.replace(task, done=1), seen=("done",))
        assert store.get(task.task_id) == dataclasses.replace(task, lease_until=NOW + 500, done=1)

    def test_a_later_run_fences_an_earlier_one(self, store: Store) -> None:
        first = claimed(store)
        store.move(first, dataclasses.replace(first, lease_until=0))
        second = store.claim(a_claim(first))
        with pytest.raises(Refused) as refused:
            store.move(first, dataclasses.replace(first, done=1), seen=("done",))
        assert refused.value.old == second

    def test_a_heartbeat_that_comes_late_does_not_undo_a_hand_over(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, dataclasses.replace(task, lease_until=0))
        with pytest.raises(Refused):
            store.move(task, dataclasses.replace(task, lease_until=NOW + 500), held=True)

    def test_a_heartbeat_that_comes_late_does_not_shorten_a_lease(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, dataclasses.replace(task, lease_until=NOW + 500))
        with pytest.raises(Refused):
            store.move(task, dataclasses.replace(task, lease_until=NOW + 400), held=True)

    def test_from_an_end_there_is_no_move(self, store: Store) -> None:
        task = claimed(store)
        ended = tasks.ended(task, State.SUCCESS, at=NOW + 5, keep_days=7)
        store.move(task, ended)
        with pytest.raises(Refused):
            store.move(ended, dataclasses.replace(ended, due_at=NOW + 500))
        assert store.get(task.task_id) == ended

    def test_what_was_seen_must_still_be_so(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, dataclasses.replace(task, done=1))
        with pytest.raises(Refused):
            store.move(task, dataclasses.replace(task, done=2), seen=("done",))

    def test_again_succeeds_as_it_had(self, store: Store) -> None:
        task = claimed(store)
        after = dataclasses.replace(task, done=1)
        store.move(task, after, seen=("done",))
        store.move(task, after, seen=("done",))
        assert store.get(task.task_id) == after

    def test_the_end_again_succeeds_too(self, store: Store) -> None:
        task = claimed(store)
        after = tasks.ended(task, State.SUCCESS, at=NOW + 5, keep_days=7)
        store.move(task, after)
        store.move(task, after)
        assert store.get(task.task_id) == after

    def test_an_ended_task_never_moves(self, store: Store) -> None:
        task = claimed(store)
        store.cancel(task.task_id, "v2", NOW + 5, NOW + 6)
        for after in (
            dataclasses.replace(task, done=1),
            dataclasses.replace(task, lease_until=NOW + 900),
            tasks.ended(task, State.SUCCESS, at=NOW + 9, keep_days=7),
        ):
            with pytest.raises(Refused):
                store.move(task, after)
        found = store.get(task.task_id)
        assert found is not None
        assert (found.state, found.done) == (State.REVOKED, 0)

    def test_what_changes_nothing_is_refused_all_the_same(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, task)
        store.cancel(task.task_id, "v2", NOW + 5, NOW + 50)
        with pytest.raises(Refused):
            store.move(task, task)

    def test_what_only_takes_away_is_written(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, dataclasses.replace(task, host=None))
        assert store.get(task.task_id) == dataclasses.replace(task, host=None)

    def test_what_is_not_there_is_refused_and_not_made(self, store: Store) -> None:
        task = a_task(state=State.STARTED, run=1)
        with pytest.raises(Refused) as refused:
            store.move(task, dataclasses.replace(task, done=1))
        assert refused.value.old is None
        assert store.get(task.task_id) is None


class TestCancel:
    @pytest.mark.parametrize("make", [a_task, None], ids=["queued", "started"])
    def test_an_open_task_is_revoked(self, store: Store, make: Callable[[], Task] | None) -> None:
        task = make() if make else claimed(store)
        if make:
            store.create(task)
        store.cancel(task.task_id, "v2", NOW + 5, NOW + 50)
        assert store.get(task.task_id) == dataclasses.replace(
            task, state=State.REVOKED, ended_at=NOW + 5, expires_at=NOW + 50, due_at=None
        )

    def test_an_ended_task_is_refused(self, store: Store) -> None:
        task = claimed(store)
        ended = tasks.ended(task, State.SUCCESS, at=NOW + 5, keep_days=7)
        store.move(task, ended)
        with pytest.raises(Refused) as refused:
            store.cancel(task.task_id, "v2", NOW + 6, NOW + 50)
        assert refused.value.old == ended

    def test_another_versions_task_is_refused(self, store: Store) -> None:
        task = claimed(store, version="v3")
        with pytest.raises(Refused) as refused:
            store.cancel(task.task_id, "v2", NOW + 5, NOW + 50)
        assert refused.value.old == task

    def test_what_is_not_there_is_refused_and_not_made(self, store: Store) -> None:
        task_id = tasks.new_id()
        with pytest.raises(Refused) as refused:
            store.cancel(task_id, "v2", NOW + 5, NOW + 50)
        assert refused.value.old is None
        assert store.get(task_id) is None


class TestReports:
    def test_they_come_in_order_as_far_as_they_are_counted_in(self, store: Store) -> None:
        task = claimed(store)
        for index in (1, 0, 2):
            store.put_report(task.task_id, a_report(index), NOW + 900)
        counted = dataclasses.replace(task, done=2)
        assert list(store.reports(counted)) == [a_report(0), a_report(1)]
        assert list(store.reports(task)) == []

    def test_they_can_be_read_from_any_on(self, store: Store) -> None:
        task = claimed(store)
        for index in range(4):
            store.put_report(task.task_id, a_report(index), NOW + 900)
        counted = dataclasses.replace(task, done=3)
        found = {since: [it.index for it in store.reports(counted, since)] for since in range(5)}
        assert found == {0: [0, 1, 2], 1: [1, 2], 2: [2], 3: [], 4: []}

    def test_one_that_came_with_the_end_is_the_last(self, store: Store) -> None:
        task = claimed(store)
        for index in range(2):
            store.put_report(task.task_id, a_report(index), NOW + 900)
        last = a_report(2)
        counted = dataclasses.replace(task, done=3, reported_at=last.at, last=last.text)
        store.move(task, counted)
        task = store.get(task.task_id) or task
        found = {since: list(store.reports(task, since)) for since in range(4)}
        assert found[0] == [a_report(0), a_report(1), last]
        assert found == {since: found[0][since:] for since in range(4)}

    def test_again_changes_nothing(self, store: Store) -> None:
        task = claimed(store)
        store.put_report(task.task_id, a_report(0), NOW + 900)
        store.put_report(task.task_id, a_report(0), NOW + 900)
        assert list(store.reports(dataclasses.replace(task, done=1))) == [a_report(0)]

    def test_a_later_run_writes_over_an_earlier_one_and_never_the_other_way(
        self, store: Store
    ) -> None:
        task = claimed(store)
        store.put_report(task.task_id, a_report(0, run=1), NOW + 900)
        store.put_report(task.task_id, a_report(0, run=2), NOW + 900)
        with pytest.raises(Refused) as refused:
            store.put_report(task.task_id, a_report(0, run=1), NOW + 900)
        assert refused.value.old is None
        assert list(store.reports(dataclasses.replace(task, done=1))) == [a_report(0, run=2)]

    def test_more_than_one_page_of_them_are_read(self, store: Store) -> None:
        task = claimed(store)
        long = "x" * 300_000
        reports = [dataclasses.replace(a_report(index), text=long) for index in range(5)]
        for report in reports:
            store.put_report(task.task_id, report, NOW + 900)
        assert list(store.reports(dataclasses.replace(task, done=5))) == reports
