"""Items that another version of hoststat has written: this version can read them."""

from typing import Any

import boto3
import pytest

from chalicelib import errors
from chalicelib.aws import items, task_items
from chalicelib.aws.user_store import DynamoTallyStore, DynamoUserStore
from chalicelib.measure.model import Window
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import State, Task
from chalicelib.users.model import User
from chalicelib.users.throttle import Tally
from tests.support.fake_users import a_user

NEWER = {"of_tomorrow": {"S": "what this version does not know"}, "more": {"N": "1"}}
TASK = Task(task_id="1", version="v2", window=Window(3, 1), created_at=1000)


@pytest.fixture
def users(cloud: Any) -> DynamoUserStore:
    return DynamoUserStore(boto3.client("dynamodb"), "hoststat-dev-users")


def put(table: str, item: dict[str, Any]) -> None:
    boto3.client("dynamodb").put_item(TableName=f"hoststat-dev-{table}", Item=item)


def stored(username: str) -> dict[str, Any]:
    key = {"kind": {"S": "user"}, "username": {"S": username}}
    answer = boto3.client("dynamodb").get_item(TableName="hoststat-dev-users", Key=key)
    found: dict[str, Any] = answer["Item"]
    return found


def test_numbers_have_the_types_of_their_fields() -> None:
    given = Tally(who="192.0.2.1", failures=2, pauses=1, paused_until=5, forgotten_at=7.5)
    read = items.read(Tally, items.to_item(given._asdict()))
    assert read == given
    assert [type(it) for it in read] == [str, int, int, float, float, str]


def test_a_task_with_an_unknown_attribute_is_read() -> None:
    item = items.to_item(task_items.attributes(TASK))
    assert task_items.to_task(item | NEWER) == TASK


def test_a_task_without_the_attributes_that_have_defaults_is_read() -> None:
    item = {
        name: value
        for name, value in items.to_item(task_items.attributes(TASK)).items()
        if name in ("task_id", "version", "count", "wait", "created_at", "state")
    }
    assert task_items.to_task(item) == TASK
    assert task_items.to_task(item).state is State.QUEUED


@pytest.mark.parametrize("options", [{"extended": True}, {"cpu": True}])
def test_a_task_keeps_the_options_of_its_window(options: dict[str, bool]) -> None:
    task = TASK._replace(window=Window(3, 1, **options))
    item = items.to_item(task_items.attributes(task))
    assert task_items.to_task(item) == task
    plain = items.to_item(task_items.attributes(TASK))
    assert {name: it for name, it in item.items() if name not in plain} == {
        name: {"BOOL": True} for name in options
    }


@pytest.mark.parametrize("options", [{}, {"extended": True}, {"cpu": True}])
def test_an_idempotency_key_keeps_the_options_of_its_window(options: dict[str, bool]) -> None:
    window = Window(3, 1, **options)
    key = IdempotencyKey(key="digest", task_id="1", window=window, valid_until=1000.5)
    item = items.to_item(task_items.key_attributes(key))
    assert task_items.to_key(item) == key
    assert {"extended", "cpu"} & set(item) == set(options)


def test_a_user_with_an_unknown_attribute_is_read_and_keeps_it(users: DynamoUserStore) -> None:
    user = a_user()
    put("users", {"kind": {"S": "user"}, **items.to_item(user._asdict()), **NEWER})
    assert users.get("jluser") == user
    assert users.after(None, 10) == [user]
    users.write(user, user._replace(fullname="Another Name", revision="second"))
    assert users.get("jluser") == user._replace(fullname="Another Name", revision="second")
    assert stored("jluser").items() >= NEWER.items()


def test_a_user_who_lacks_attributes_is_read_and_can_be_changed(users: DynamoUserStore) -> None:
    put("users", {"kind": {"S": "user"}, "username": {"S": "jluser"}})
    user = users.get("jluser")
    assert user == User(username="jluser", fullname="", admin=False, password_hash="", revision="")
    changed = user._replace(fullname="J.", revision="first")
    users.write(user, changed)
    assert users.get("jluser") == changed
    with pytest.raises(errors.Conflict):
        users.write(user, user._replace(revision="second"))


@pytest.mark.parametrize("more", [NEWER, {}], ids=["with more", "with less"])
def test_a_tally_of_another_version_is_read(cloud: Any, more: dict[str, Any]) -> None:
    tallies = DynamoTallyStore(boto3.client("dynamodb"), "hoststat-dev-tallies")
    put("tallies", {"who": {"S": "192.0.2.1"}, "failures": {"N": "2"}, **more})
    assert tallies.tallies(["192.0.2.1"]) == {"192.0.2.1": Tally(who="192.0.2.1", failures=2)}


def test_a_null_is_no_value(cloud: Any) -> None:
    item = {"kind": {"S": "user"}, "username": {"S": "jluser"}, "admin": {"NULL": True}}
    assert items.read(User, item) == User(username="jluser", admin=False)
