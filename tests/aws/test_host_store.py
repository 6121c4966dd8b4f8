"""The contract of `hosts.ports.HostStore`, for DynamoDB and for the fake."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from chalicelib.aws.host_store import DynamoHostStore
from chalicelib.hosts.model import Host
from chalicelib.hosts.ports import HostStore, Refused
from tests.support.memory_hosts import MemoryHosts

TABLE = "hoststat-dev-hosts"


@pytest.fixture(params=["memory", "dynamo"])
def store(request: pytest.FixtureRequest) -> Iterator[HostStore]:
    if request.param == "memory":
        yield MemoryHosts()
    else:
        request.getfixturevalue("cloud")
        yield DynamoHostStore(boto3.client("dynamodb"), TABLE)


def add(store: HostStore, name: str, at: float = 1000, free: float = 0) -> Host:
    return store.add(name, at, free_if_removed_by=free)


def test_an_added_host_is_read_whole(store: HostStore) -> None:
    host = add(store, "web-1")
    assert host == Host(host="web-1", added_at=1000)
    assert store.get("web-1") == host
    assert store.get_many(["db-1", "web-1"]) == [host]
    assert store.get("db-1") is None


def test_a_second_host_of_a_name_is_refused(store: HostStore) -> None:
    host = add(store, "web-1")
    with pytest.raises(Refused) as refused:
        add(store, "web-1", at=2000, free=5000)
    assert (refused.value.old, store.get("web-1")) == (host, host)


def test_names_are_listed_in_their_order(store: HostStore) -> None:
    for name in ("web-1", "db-1", "9a", "a-b", "ab"):
        add(store, name)
    names = ["9a", "a-b", "ab", "db-1", "web-1"]
    assert [store.names("", most) for most in (5, 9, 2)] == [names, names, names[:2]]
    assert [store.names(after, 9) for after in ("ab", "b", "web-1")] == [names[3:], names[3:], []]


def test_a_removed_host_leaves_its_mark(store: HostStore) -> None:
    add(store, "web-1")
    store.remove("web-1", 2000, kept_until=9000)
    mark = Host(host="web-1", removed_at=2000)
    assert (store.get("web-1"), store.names("", 9)) == (mark, [])
    with pytest.raises(Refused) as refused:
        store.remove("web-1", 2001, kept_until=9000)
    assert refused.value.old == mark
    with pytest.raises(Refused) as refused:
        add(store, "web-1", at=2001, free=1999.5)
    assert refused.value.old == mark
    assert add(store, "web-1", at=2100, free=2000) == store.get("web-1")
    assert store.names("", 9) == ["web-1"]


def test_a_host_that_is_not_there_cannot_be_removed(store: HostStore) -> None:
    with pytest.raises(Refused) as refused:
        store.remove("web-1", 2000, kept_until=9000)
    assert refused.value.old is None
    assert store.get("web-1") is None


def put(**attributes: Any) -> None:
    boto3.client("dynamodb").put_item(TableName=TABLE, Item={"host": {"S": "web-1"}, **attributes})


def test_a_mark_expires(cloud: Any) -> None:
    store = DynamoHostStore(boto3.client("dynamodb"), TABLE)
    add(store, "web-1")
    store.remove("web-1", 2000, kept_until=9000.5)
    stored = boto3.client("dynamodb").get_item(TableName=TABLE, Key={"host": {"S": "web-1"}})
    assert stored["Item"] == {
        "host": {"S": "web-1"},
        "removed_at": {"N": "2000"},
        "ttl": {"N": "9001"},
    }


def test_a_row_that_a_worker_made_is_replaced(cloud: Any) -> None:
    store = DynamoHostStore(boto3.client("dynamodb"), TABLE)
    put(seen_at={"N": "1000"})
    assert add(store, "web-1") == Host(host="web-1", added_at=1000) == store.get("web-1")


@pytest.mark.parametrize(
    "nonsense",
    [
        {"seen_at": {"S": "yesterday"}},
        {"seen_at": {"N": "1E+125"}},
        {"seen_at": {"N": "-5"}},
        {"cpus": {"N": "1.5"}},
        {"cpus": {"N": "-1"}},
        {"windows": {"N": "1E+5"}},
        {"node": {"N": "5"}},
        {"node": {"S": "x" * 301}},
        {"node": {"BOOL": True}},
        {"uptime": {"L": [{"S": "x"}]}},
        {"clock_off_s": {"N": "-1E+99"}},
        {"another": {"M": {}}},
    ],
)
def test_what_makes_no_sense_in_a_row_is_left_out(cloud: Any, nonsense: dict[str, Any]) -> None:
    store = DynamoHostStore(boto3.client("dynamodb"), TABLE)
    put(added_at={"N": "1000"}, **nonsense)
    assert store.get("web-1") == Host(host="web-1", added_at=1000)


def test_what_a_worker_says_is_read(cloud: Any) -> None:
    store = DynamoHostStore(boto3.client("dynamodb"), TABLE)
    put(
        added_at={"N": "1000"},
        node={"S": "web-1.example.com"},
        cpus={"N": "2"},
        clock_off_s={"N": "-3600.5"},
        busiest_util={"N": "12.5"},
    )
    assert store.get("web-1") == Host(
        host="web-1",
        added_at=1000,
        node="web-1.example.com",
        cpus=2,
        clock_off_s=-3600.5,
        busiest_util=12.5,
    )
