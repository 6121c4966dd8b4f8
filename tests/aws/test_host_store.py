"""The contract of `hosts.ports.HostStore`, for DynamoDB and for the fake."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from chalicelib.aws.host_store import DynamoHostStore
from chalicelib.hosts.model import Heartbeat, Host
from chalicelib.hosts.ports import HostStore, Refused
from tests.support.memory_hosts import MemoryHosts
from tests.support.records import a_heartbeat

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


BEAT = a_heartbeat(
    "web-1.example.com",
    busiest_device="vda",
    busiest_util=12.5,
    clock_off_s=-0.5,
    problem="It is wrong.",
    shares=1,
)


def beat(store: HostStore, session: str, at: float, heartbeat: Heartbeat = BEAT) -> None:
    store.beat("web-1", session, heartbeat, at, lapsed_by=at - 150)


class TestHeartbeat:
    def test_what_a_heartbeat_says_is_read(self, store: HostStore) -> None:
        add(store, "web-1")
        beat(store, "one", 2000)
        expected = Host(host="web-1", added_at=1000, seen_at=2000, session="one")
        assert store.get("web-1") == expected._replace(**BEAT._asdict())
        beat(store, "one", 2060, BEAT._replace(problem=None, shares=None, uptime=None))
        row = store.get("web-1")
        assert row
        assert (row.seen_at, row.problem, row.shares, row.uptime) == (2060, None, None, None)
        assert store.names("", 9) == ["web-1"]

    def test_another_session_is_refused_until_the_name_has_lapsed(self, store: HostStore) -> None:
        add(store, "web-1")
        beat(store, "one", 2000)
        with pytest.raises(Refused) as refused:
            beat(store, "two", 2149)
        assert refused.value.old == store.get("web-1")
        assert refused.value.old
        assert refused.value.old.session == "one"
        beat(store, "two", 2150)
        with pytest.raises(Refused):
            beat(store, "one", 2151)

    def test_a_look_changes_nothing_that_is_shown(self, store: HostStore) -> None:
        host = add(store, "web-1")
        store.look("web-1", 2000)
        assert store.get("web-1") == host

    def test_after_a_goodbye_any_session_may_follow(self, store: HostStore) -> None:
        add(store, "web-1")
        beat(store, "one", 2000)
        with pytest.raises(Refused):
            store.leave("web-1", "two", 2001)
        store.leave("web-1", "one", 2002)
        row = store.get("web-1")
        assert row
        assert row.left_at == 2002
        beat(store, "two", 2003)
        row = store.get("web-1")
        assert row
        assert (row.session, row.left_at) == ("two", None)

    def test_who_contends_for_a_name_is_noted(self, store: HostStore) -> None:
        add(store, "web-1")
        with pytest.raises(Refused):
            store.contend("web-1", "two", "clone", 2001)
        beat(store, "one", 2000)
        with pytest.raises(Refused):
            store.contend("web-1", "one", "itself", 2001)
        store.contend("web-1", "two", "clone", 2002)
        beat(store, "one", 2003)
        row = store.get("web-1")
        assert row
        assert (row.rival, row.rival_session, row.rival_at) == ("clone", "two", 2002)

    def test_a_host_that_is_not_there_has_none(self, store: HostStore) -> None:
        def refused(name: str) -> None:
            with pytest.raises(Refused):
                beat(store, "one", 3000)
            with pytest.raises(Refused):
                store.look(name, 3000)
            with pytest.raises(Refused):
                store.contend(name, "one", "node", 3000)
            with pytest.raises(Refused):
                store.leave(name, "one", 3000)

        refused("web-1")
        assert store.get("web-1") is None
        add(store, "web-1")
        beat(store, "one", 2000)
        store.remove("web-1", 2500, kept_until=9000)
        refused("web-1")
        assert store.get("web-1") == Host(host="web-1", removed_at=2500)

    def test_workers_without_names_are_noted(self, store: HostStore) -> None:
        assert store.attending(9) == []
        add(store, "web-1")
        for worker, at in (("a", 2000), ("b", 2001), ("a", 2060)):
            store.attend(worker, at, kept_until=at + 3600)
        found = {it.host: it.seen_at for it in store.attending(9)}
        assert found == {"~a": 2060, "~b": 2001}
        assert len(store.attending(1)) == 1
        assert store.names("", 9) == ["web-1"]


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
