"""Tallies of wrong logins: when they earn a pause, how they are kept, when they are forgotten."""

import dataclasses
from collections.abc import Iterator

import boto3
import pytest

from chalicelib.ports import Conflict, TallyStore
from chalicelib.tallies import Tally
from chalicelib.tallystore import DynamoTallies
from tests.fakeusers import MemoryTallies

NOW = 1_800_000_000.25
NONE = Tally(who="192.0.2.1 jluser")


class TestFailed:
    def test_failures_add_up_for_ten_minutes_from_the_first(self) -> None:
        tally = NONE.failed(NOW, 3).failed(NOW + 599, 3)
        assert tally == Tally(who=NONE.who, failures=2, forgotten_at=NOW + 600)
        assert tally.failed(NOW + 600, 3) == NONE.failed(NOW + 600, 3)

    def test_too_many_earn_a_pause_and_each_further_one_twice_that_up_to_an_hour(self) -> None:
        tally, now, pauses = NONE, NOW, []
        for _ in range(8):
            tally = tally.failed(now, 3)
            pauses.append(tally.paused_until - now if tally.paused_until else 0)
            now = max(now, tally.paused_until)
        assert pauses == [0, 0, 600, 1200, 2400, 3600, 3600, 3600]

    def test_an_hour_after_a_pause_all_is_forgotten(self) -> None:
        tally = NONE.failed(NOW, 1)
        assert tally.forgotten_at == NOW + 600 + 3600
        assert tally.failed(NOW + 4199, 1).failures == 2
        assert tally.failed(NOW + 4200, 1) == NONE.failed(NOW + 4200, 1)

    def test_any_number_of_failures_is_an_hour(self) -> None:
        tally = dataclasses.replace(NONE, failures=100_000, forgotten_at=NOW + 1)
        assert tally.failed(NOW, 3).paused_until == NOW + 3600


@pytest.fixture(params=["memory", "dynamo"])
def store(request: pytest.FixtureRequest) -> Iterator[TallyStore]:
    if request.param == "memory":
        yield MemoryTallies()
    else:
        request.getfixturevalue("cloud")
        yield DynamoTallies(boto3.client("dynamodb"), "hoststat-dev-tallies")


ONE, TWO = NONE.failed(NOW, 2), NONE.failed(NOW, 2).failed(NOW + 1, 2)


class TestStore:
    """The contract of a store of tallies, kept by DynamoDB and by the fake alike."""

    def test_what_was_written_is_read(self, store: TallyStore) -> None:
        other = Tally(who="192.0.2.1").failed(NOW, 9)
        store.move(NONE, ONE)
        store.move(Tally(who=other.who), other)
        expected = {ONE.who: ONE, other.who: other}
        assert store.tallies([ONE.who, "nobody", other.who]) == expected

    def test_what_has_changed_since_it_was_read_is_a_conflict(self, store: TallyStore) -> None:
        store.move(NONE, ONE)
        store.move(ONE, TWO)
        for before in (NONE, ONE):
            with pytest.raises(Conflict):
                store.move(before, before.failed(NOW + 2, 2))
        assert store.tallies([ONE.who]) == {ONE.who: TWO}

    def test_again_succeeds_as_it_had(self, store: TallyStore) -> None:
        for before, after in ((NONE, ONE), (NONE, ONE), (ONE, TWO), (ONE, TWO)):
            store.move(before, after)
        assert store.tallies([ONE.who]) == {ONE.who: TWO}

    def test_what_is_forgotten_is_gone_unless_it_has_changed(self, store: TallyStore) -> None:
        store.move(NONE, ONE)
        store.move(ONE, TWO)
        store.forget(ONE)
        assert store.tallies([ONE.who]) == {ONE.who: TWO}
        for _ in range(2):
            store.forget(TWO)
            assert store.tallies([ONE.who]) == {}


def test_dynamodb_deletes_a_tally_when_it_is_forgotten(cloud: object) -> None:
    client = boto3.client("dynamodb")
    DynamoTallies(client, "hoststat-dev-tallies").move(NONE, ONE)
    (item,) = client.scan(TableName="hoststat-dev-tallies")["Items"]
    assert item["ttl"] == {"N": "1800000601"}
