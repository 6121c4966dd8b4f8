"""The indexes of open tasks, for DynamoDB and for the fake."""

from typing import Any

import boto3
import pytest

from chalicelib.aws.items import to_item
from chalicelib.aws.task_store import DynamoTaskStore
from chalicelib.tasks import model
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import State, Swept, Task
from chalicelib.tasks.ports import Store
from tests.support.records import NOW, a_claim, a_task, claimed

HERE = "198.51.100.7"


def place(task: Task) -> Cursor:
    return Cursor(task.created_at, task.task_id)


def end(store: Store, task: Task) -> None:
    store.move(task, model.ended(task, State.FAILURE, at=NOW, keep_days=7))


class TestRunning:
    def test_a_task_is_running_while_a_run_has_a_lease_on_it(self, store: Store) -> None:
        task = claimed(store)
        assert list(store.running()) == [task.task_id]
        longer = task._replace(lease_until=NOW + 200, due_at=NOW + 209)
        store.move(task, longer, leased=True)
        assert list(store.running()) == [task.task_id]
        given_back = longer._replace(lease_until=0, due_at=NOW + 100)
        store.move(longer, given_back)
        assert list(store.running()) == []
        again = store.claim(a_claim(task))
        assert list(store.running()) == [task.task_id]
        end(store, again)
        assert list(store.running()) == []

    def test_a_cancelled_task_is_not_running(self, store: Store) -> None:
        store.cancel(claimed(store).task_id, "v2", NOW, NOW + 9)
        assert list(store.running()) == []

    def test_those_of_users_come_first(self, store: Store) -> None:
        claimed(store)
        of_a_user = claimed(store, version="v3")
        assert next(store.running()) == of_a_user.task_id


class TestUnended:
    def test_the_open_tasks_of_a_version_come_the_oldest_first(self, store: Store) -> None:
        tasks = [a_task(created_at=NOW + number) for number in range(9)]
        for task in reversed(tasks):
            store.create(task)
        store.create(a_task(version="v3"))
        store.claim(a_claim(tasks[0]))
        places = [place(task) for task in tasks]
        assert list(store.unended("v2", None)) == places
        assert list(store.unended("v2", places[3])) == places[4:]
        assert list(store.unended("v2", Cursor(NOW + 3, "g"))) == places[4:]

    def test_a_task_is_open_from_its_create_to_its_end(self, store: Store) -> None:
        task = a_task(opened_by=HERE)
        assert store.count_open("v2", 9) == store.count_opened_by(HERE, 9) == 0
        store.create(task)
        assert store.count_open("v2", 9) == store.count_opened_by(HERE, 9) == 1
        begun = store.claim(a_claim(task))
        assert store.count_open("v2", 9) == store.count_opened_by(HERE, 9) == 1
        end(store, begun)
        assert store.count_open("v2", 9) == store.count_opened_by(HERE, 9) == 0

    def test_a_cancel_ends_it_too(self, store: Store) -> None:
        task = a_task(opened_by=HERE)
        store.create(task)
        store.cancel(task.task_id, "v2", NOW, NOW + 9)
        assert store.count_open("v2", 9) == store.count_opened_by(HERE, 9) == 0
        assert list(store.unended("v2", None)) == []

    def test_counting_ends_at_the_most_that_matters(self, store: Store) -> None:
        for _ in range(9):
            store.create(a_task(opened_by=HERE))
        store.create(a_task(version="v3"))
        assert [store.count_open("v2", most) for most in (4, 9, 20)] == [4, 9, 9]
        assert store.count_open("v3", 9) == 1
        assert [store.count_opened_by(HERE, most) for most in (4, 9, 20)] == [4, 9, 9]
        assert store.count_opened_by("198.51.100.8", 9) == 0

    def test_counting_goes_on_page_by_page(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Pages:
            answers = [
                {"Count": 3, "LastEvaluatedKey": {"a": {"S": "1"}}},
                {"Count": 0, "LastEvaluatedKey": {"a": {"S": "2"}}},
                {"Count": 2},
            ]
            asked: list[tuple[int, object]] = []

            def query(self, **asked: Any) -> Any:
                self.asked.append((asked["Limit"], asked.get("ExclusiveStartKey")))
                return self.answers[len(self.asked) - 1]

        pages = Pages()
        store = DynamoTaskStore(pages, tasks="tasks", reports="reports", keys="keys")
        assert store.count_opened_by(HERE, 20) == 5
        assert pages.asked == [(20, None), (17, {"a": {"S": "1"}}), (17, {"a": {"S": "2"}})]


class TestSwept:
    def test_what_a_sweep_leaves_is_there_for_the_next_one(self, store: Store) -> None:
        assert store.swept() == Swept()
        left = Swept(at=NOW, open_tasks=3, places={"v2": place(a_task()), "v3": place(a_task())})
        store.keep_swept(left)
        assert store.swept() == left

    def test_an_earlier_sweep_does_not_write_over_a_later_one(self, store: Store) -> None:
        later = Swept(at=NOW + 1, open_tasks=1)
        store.keep_swept(later)
        store.keep_swept(Swept(at=NOW, open_tasks=2))
        assert store.swept() == later

    def test_a_sweep_whose_clock_was_ahead_is_written_over(self, store: Store) -> None:
        store.keep_swept(Swept(at=NOW + 3 * model.DAY, open_tasks=1))
        right = Swept(at=NOW, open_tasks=2)
        store.keep_swept(right)
        assert store.swept() == right


def test_a_key_is_found_as_long_as_it_is_valid(store: Store) -> None:
    task = a_task()
    key = IdempotencyKey("digest", task.task_id, task.window, NOW + 9)
    assert store.key("digest", NOW) is None
    store.create(task, key)
    assert store.key("digest", NOW) == key
    assert store.key("digest", NOW + 9) is None


def test_a_task_of_the_release_before_is_swept_claimed_and_ended(cloud: Any) -> None:
    """It is in that release's index of open tasks, and has none of today's attributes."""
    client = boto3.client("dynamodb")
    names = {name: f"hoststat-dev-{name}" for name in ("tasks", "reports", "keys")}
    store = DynamoTaskStore(client, **names)
    task = a_task()
    old = {name: thing for name, thing in task._asdict().items() if name != "window"}
    old |= {"count": 3, "wait": 1, "open": "open-2"}
    client.put_item(TableName=names["tasks"], Item=to_item(old))
    assert list(store.unended("v2", None)) == []
    assert list(store.due(NOW)) == []
    assert list(store.due(NOW + 60)) == [task.task_id]
    begun = store.claim(a_claim(task))
    assert list(store.running()) == [task.task_id]
    end(store, begun)
    assert list(store.running()) == list(store.due(NOW + 999)) == []
