"""The contract of a store of users, kept by DynamoDB and by the fake alike."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib import errors
from chalicelib.aws.user_store import DynamoUserStore
from chalicelib.tasks.ports import Conflict, UserStore
from tests.support.fake_users import MemoryUsers, a_user


@pytest.fixture(params=["memory", "dynamo"])
def store(request: pytest.FixtureRequest) -> Iterator[UserStore]:
    if request.param == "memory":
        yield MemoryUsers()
    else:
        request.getfixturevalue("cloud")
        yield DynamoUserStore(boto3.client("dynamodb"), "hoststat-dev-users")


ROOT = a_user("root", admin=True)
USER = a_user()
CHANGED = dataclasses.replace(USER, fullname="Another Name", revision="second")
RENAMED = dataclasses.replace(USER, username="stpierre", revision="third")


@pytest.fixture
def kept(store: UserStore) -> UserStore:
    """A store with an admin and a user."""
    store.write(None, ROOT)
    store.write(None, USER)
    return store


def names(store: UserStore) -> list[str]:
    return [user.username for user in store.after(None, 100)]


class TestRead:
    def test_a_written_user_is_read_whole(self, kept: UserStore) -> None:
        assert kept.get("jluser") == USER
        assert kept.get("root") == ROOT

    def test_there_is_none_of_another_name(self, kept: UserStore) -> None:
        assert [kept.get(name) for name in ("nobody", "Jluser", "admins", "user")] == [None] * 4

    def test_they_are_listed_by_the_bytes_of_their_names(self, kept: UserStore) -> None:
        for name in ("Zoe", "a.b", "a-b", "9lives"):
            kept.write(None, a_user(name))
        expected = ["9lives", "Zoe", "a-b", "a.b", "jluser", "root"]
        assert names(kept) == expected
        assert [user.username for user in kept.after("Zoe", 2)] == ["a-b", "a.b"]
        assert [user.username for user in kept.after("b", 9)] == ["jluser", "root"]
        assert kept.after("root", 9) == []


class TestWrite:
    def test_a_name_that_is_taken_is_refused(self, kept: UserStore) -> None:
        with pytest.raises(errors.UsernameTaken):
            kept.write(None, dataclasses.replace(USER, revision="other"))
        assert kept.get("jluser") == USER

    def test_a_user_is_changed(self, kept: UserStore) -> None:
        kept.write(USER, CHANGED)
        assert kept.get("jluser") == CHANGED

    def test_one_who_has_changed_since_is_a_conflict(self, kept: UserStore) -> None:
        kept.write(USER, CHANGED)
        for after in (dataclasses.replace(USER, revision="late"), RENAMED, None):
            with pytest.raises(Conflict):
                kept.write(USER, after)
        assert names(kept) == ["jluser", "root"]

    def test_one_who_is_not_there_is_a_conflict_and_not_made(self, kept: UserStore) -> None:
        for after in (a_user("nobody", revision="late"), a_user("else")):
            with pytest.raises(Conflict):
                kept.write(a_user("nobody"), after)
        assert names(kept) == ["jluser", "root"]

    def test_a_user_is_renamed(self, kept: UserStore) -> None:
        kept.write(USER, RENAMED)
        assert kept.get("stpierre") == RENAMED
        assert names(kept) == ["root", "stpierre"]

    def test_a_rename_onto_a_taken_name_changes_nothing(self, kept: UserStore) -> None:
        with pytest.raises(errors.UsernameTaken):
            kept.write(USER, dataclasses.replace(USER, username="root", revision="late"))
        assert (kept.get("jluser"), kept.get("root")) == (USER, ROOT)

    def test_a_user_is_deleted(self, kept: UserStore) -> None:
        kept.write(USER, None)
        assert kept.get("jluser") is None

    def test_one_who_was_renamed_meanwhile_is_not_deleted(self, kept: UserStore) -> None:
        kept.write(USER, RENAMED)
        with pytest.raises(Conflict):
            kept.write(USER, None)
        assert kept.get("stpierre") == RENAMED

    @pytest.mark.parametrize(
        ("before", "after"), [(None, a_user("new")), (USER, CHANGED), (USER, RENAMED)]
    )
    def test_again_succeeds_as_it_had(self, kept: UserStore, before: None, after: None) -> None:
        kept.write(before, after)
        was = kept.after(None, 9)
        kept.write(before, after)
        assert kept.after(None, 9) == was


class TestLastAdmin:
    DEMOTED = dataclasses.replace(ROOT, admin=False, revision="demoted")

    def test_the_last_admin_can_be_neither_deleted_nor_demoted(self, kept: UserStore) -> None:
        for after in (None, self.DEMOTED, dataclasses.replace(self.DEMOTED, username="toor")):
            with pytest.raises(errors.LastAdmin):
                kept.write(ROOT, after)
        assert kept.after(None, 9) == [USER, ROOT]

    def test_the_last_admin_can_be_changed_and_renamed(self, kept: UserStore) -> None:
        renamed = dataclasses.replace(ROOT, username="toor", revision="renamed")
        kept.write(ROOT, renamed)
        with pytest.raises(errors.LastAdmin):
            kept.write(renamed, None)

    @pytest.mark.parametrize("after", [None, DEMOTED])
    def test_of_two_admins_one_can_go(self, kept: UserStore, after: None) -> None:
        promoted = dataclasses.replace(USER, admin=True, revision="promoted")
        kept.write(USER, promoted)
        kept.write(ROOT, after)
        with pytest.raises(errors.LastAdmin):
            kept.write(promoted, dataclasses.replace(promoted, admin=False, revision="late"))

    def test_admins_who_were_refused_do_not_count(self, kept: UserStore) -> None:
        with pytest.raises(errors.UsernameTaken):
            kept.write(None, dataclasses.replace(USER, admin=True, revision="other"))
        with pytest.raises(errors.LastAdmin):
            kept.write(ROOT, None)


class TestRequests:
    """What moto does not show: it is consistent whatever it is asked."""

    def asked(self, use: Callable[[DynamoUserStore], object]) -> dict[str, Any]:
        client, asked = boto3.client("dynamodb"), dict[str, Any]()

        def hear(params: dict[str, Any], **_: Any) -> None:
            asked.update(json.loads(params["body"]))

        client.meta.events.register("before-call.dynamodb.*", hear)
        use(DynamoUserStore(client, "hoststat-dev-users"))
        return asked

    def test_every_read_is_consistent(self, cloud: object) -> None:
        """A deleted user is refused from the next request on."""
        assert self.asked(lambda users: users.get("jluser"))["ConsistentRead"] is True
        assert self.asked(lambda users: users.after(None, 9))["ConsistentRead"] is True

    def test_a_transaction_has_a_token_by_which_a_second_try_is_known(self, cloud: object) -> None:
        one = self.asked(lambda users: users.write(None, USER))
        two = self.asked(lambda users: users.write(USER, CHANGED))
        assert one["ClientRequestToken"] != two["ClientRequestToken"]

    @pytest.mark.parametrize(
        ("codes", "expected"),
        [
            (["TransactionConflict", "None"], Conflict),
            (["None", "TransactionConflict"], Conflict),
            (["ThrottlingError", "None"], errors.Outage),
            (["None", "ProvisionedThroughputExceeded"], errors.Outage),
            (["ValidationError", "None"], ClientError),
            ([], ClientError),
        ],
    )
    def test_a_transaction_is_given_up_for_a_reason(
        self, codes: list[str], expected: type[Exception]
    ) -> None:
        class Refusing:
            def transact_write_items(self, **_: object) -> None:
                reasons = [{"Code": code} for code in codes]
                response: Any = {
                    "Error": {"Code": "TransactionCanceledException"},
                    "ResponseMetadata": {"HTTPStatusCode": 400},
                    "CancellationReasons": reasons,
                }
                raise ClientError(response, "TransactWriteItems")

        with pytest.raises(expected):
            DynamoUserStore(Refusing(), "hoststat-dev-users").write(ROOT, None)
