"""Tallies of logins: when a pause begins, when failures are forgotten, and how they are stored."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from chalicelib import errors
from chalicelib.aws.user_store import DynamoTallyStore
from chalicelib.users.throttle import Tally, TallyStore
from tests.support.fake_users import MemoryTallies

NOW = 1_800_000_000.25
NONE = Tally(who="192.0.2.1 jluser")


def failed(tally: Tally, now: float, *, limit: int = 3, again: int = 1) -> Tally:
    return tally.failed(now, limit=limit, again=again)


def plain(tally: Tally) -> dict[str, Any]:
    """Give the fields of a tally without its token, which is new each time."""
    return {**tally._asdict(), "token": ""}


class TestFailed:
    def test_failures_add_up_for_ten_minutes_from_the_first(self) -> None:
        tally = failed(failed(NONE, NOW), NOW + 599)
        assert plain(tally) == plain(Tally(who=NONE.who, failures=2, forgotten_at=NOW + 600))
        assert plain(failed(tally, NOW + 600)) == plain(failed(NONE, NOW + 600))

    @pytest.mark.parametrize(("again", "tries"), [(1, [3, 1, 1, 1, 1]), (3, [3, 3, 3, 3, 3])])
    def test_too_many_failures_earn_a_pause_and_each_is_twice_as_long_up_to_an_hour(
        self, again: int, tries: list[int]
    ) -> None:
        tally, now, pauses, counts = NONE, NOW, [], []
        for _ in range(5):
            count = 0
            while tally.paused_until <= now:
                tally, count = failed(tally, now, again=again), count + 1
            pauses.append(tally.paused_until - now)
            counts.append(count)
            now = tally.paused_until
        assert (pauses, counts) == ([600, 1200, 2400, 3600, 3600], tries)

    def test_an_hour_after_a_pause_everything_is_forgotten(self) -> None:
        tally = failed(NONE, NOW, limit=1)
        assert tally.forgotten_at == NOW + 600 + 3600
        assert failed(tally, NOW + 4199, limit=1).pauses == 2
        assert plain(failed(tally, NOW + 4200, limit=1)) == plain(failed(NONE, NOW + 4200, limit=1))

    def test_no_pause_is_longer_than_an_hour(self) -> None:
        tally = NONE._replace(failures=2, pauses=100_000, forgotten_at=NOW + 1)
        assert failed(tally, NOW).paused_until == NOW + 3600

    def test_two_failures_with_the_same_numbers_differ(self) -> None:
        assert failed(NONE, NOW) != failed(NONE, NOW)


class TestPassed:
    OLD = failed(failed(NONE, NOW), NOW)

    def test_a_tally_that_is_forgiven_is_empty_again(self) -> None:
        tally = self.OLD.passed(NOW + 1, forgiven=True)
        assert plain(tally) == plain(Tally(who=NONE.who, forgotten_at=NOW + 601))
        assert plain(failed(tally, NOW + 2)) == plain(failed(NONE, NOW + 2))

    def test_a_tally_that_is_not_forgiven_stays_as_it_was(self) -> None:
        assert plain(self.OLD.passed(NOW + 1, forgiven=False)) == plain(self.OLD)

    def test_failures_that_are_too_old_are_erased(self) -> None:
        tally = self.OLD.passed(NOW + 600, forgiven=False)
        assert plain(tally) == plain(Tally(who=NONE.who, forgotten_at=NOW + 1200))

    def test_every_right_login_gives_a_new_token(self) -> None:
        """By the token, logins that come at the same time notice each other."""
        assert self.OLD.passed(NOW, forgiven=False).token != self.OLD.token


@pytest.fixture(params=["memory", "dynamo"])
def store(request: pytest.FixtureRequest) -> Iterator[TallyStore]:
    if request.param == "memory":
        yield MemoryTallies()
    else:
        request.getfixturevalue("cloud")
        yield DynamoTallyStore(boto3.client("dynamodb"), "hoststat-dev-tallies")


ONE = failed(NONE, NOW)
TWO = failed(ONE, NOW + 1)


class TestStore:
    """The contract of `users.throttle.TallyStore`, for DynamoDB and for the fake."""

    def test_tallies_that_were_written_are_read(self, store: TallyStore) -> None:
        other = failed(Tally(who="192.0.2.1"), NOW)
        store.move(NONE, ONE)
        store.move(Tally(who=other.who), other)
        expected = {ONE.who: ONE, other.who: other}
        assert store.tallies([ONE.who, "nobody", other.who]) == expected

    def test_a_tally_that_changed_after_it_was_read_is_a_conflict(self, store: TallyStore) -> None:
        store.move(NONE, ONE)
        store.move(ONE, TWO)
        for before in (NONE, ONE):
            with pytest.raises(errors.Conflict):
                store.move(before, failed(before, NOW + 2))
        assert store.tallies([ONE.who]) == {ONE.who: TWO}

    def test_a_failure_of_another_login_at_the_same_moment_is_a_conflict(
        self, store: TallyStore
    ) -> None:
        store.move(NONE, failed(NONE, NOW))
        with pytest.raises(errors.Conflict):
            store.move(NONE, failed(NONE, NOW))

    def test_again_succeeds_and_changes_nothing(self, store: TallyStore) -> None:
        for before, after in ((NONE, ONE), (NONE, ONE), (ONE, TWO), (ONE, TWO)):
            store.move(before, after)
        assert store.tallies([ONE.who]) == {ONE.who: TWO}


def test_dynamodb_deletes_a_tally_when_it_is_forgotten(cloud: object) -> None:
    client = boto3.client("dynamodb")
    DynamoTallyStore(client, "hoststat-dev-tallies").move(NONE, ONE)
    (item,) = client.scan(TableName="hoststat-dev-tallies")["Items"]
    assert item["ttl"] == {"N": "1800000601"}
