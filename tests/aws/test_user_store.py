"""The contract of `users.model.UserStore`, for DynamoDB and for the fake."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib import errors
from chalicelib.aws.user_store import DynamoUserStore
from chalicelib.users.model import UserStore
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
CHANGED = USER._replace(fullname="Another Name", revision="second")
RENAMED = USER._replace(username="stpierre", revision="third")


@pytest.fixture
def filled(store: UserStore) -> UserStore:
    """Give a store with an admin and a user."""
    store.write(None, ROOT)
    store.write(None, USER)
    return store


def names(store: UserStore) -> list[str]:
    return [user.username for user in store.after(None, 100)]


class TestRead:
    def test_a_written_user_is_read_whole(self, filled: UserStore) -> None:
        assert filled.get("jluser") == USER
        assert filled.get("root") == ROOT

    def test_a_user_of_another_name_is_not_found(self, filled: UserStore) -> None:
        assert [filled.get(name) for name in ("nobody", "Jluser", "admins", "user")] == [None] * 4

    def test_users_are_listed_by_the_bytes_of_their_names(self, filled: UserStore) -> None:
        for name in ("Zoe", "a.b", "a-b", "9lives"):
            filled.write(None, a_user(name))
        expected = ["9lives", "Zoe", "a-b", "a.b", "jluser", "root"]
        assert names(filled) == expected
        assert [user.username for user in filled.after("Zoe", 2)] == ["a-b", "a.b"]
        assert [user.username for user in filled.after("b", 9)] == ["jluser", "root"]
        assert filled.after("root", 9) == []


class TestWrite:
    def test_a_name_that_is_taken_is_refused(self, filled: UserStore) -> None:
        with pytest.raises(errors.UsernameTaken):
            filled.write(None, USER._replace(revision="other"))
        assert filled.get("jluser") == USER

    def test_a_user_is_changed(self, filled: UserStore) -> None:
        filled.write(USER, CHANGED)
        assert filled.get("jluser") == CHANGED

    def test_a_user_who_changed_after_the_read_is_a_conflict(self, filled: UserStore) -> None:
        filled.write(USER, CHANGED)
        for after in (USER._replace(revision="late"), RENAMED, None):
            with pytest.raises(errors.Conflict):
                filled.write(USER, after)
        assert names(filled) == ["jluser", "root"]

    def test_a_user_who_is_not_there_is_a_conflict_and_not_created(self, filled: UserStore) -> None:
        for after in (a_user("nobody", revision="late"), a_user("else")):
            with pytest.raises(errors.Conflict):
                filled.write(a_user("nobody"), after)
        assert names(filled) == ["jluser", "root"]

    def test_a_user_is_renamed(self, filled: UserStore) -> None:
        filled.write(USER, RENAMED)
        assert filled.get("stpierre") == RENAMED
        assert names(filled) == ["root", "stpierre"]

    def test_a_rename_to_a_taken_name_changes_nothing(self, filled: UserStore) -> None:
        with pytest.raises(errors.UsernameTaken):
            filled.write(USER, USER._replace(username="root", revision="late"))
        assert (filled.get("jluser"), filled.get("root")) == (USER, ROOT)

    def test_a_user_is_deleted(self, filled: UserStore) -> None:
        filled.write(USER, None)
        assert filled.get("jluser") is None

    def test_a_user_who_was_renamed_in_the_meantime_is_not_deleted(self, filled: UserStore) -> None:
        filled.write(USER, RENAMED)
        with pytest.raises(errors.Conflict):
            filled.write(USER, None)
        assert filled.get("stpierre") == RENAMED

    @pytest.mark.parametrize(
        ("before", "after"), [(None, a_user("new")), (USER, CHANGED), (USER, RENAMED)]
    )
    def test_again_succeeds_and_changes_nothing(
        self, filled: UserStore, before: None, after: None
    ) -> None:
        filled.write(before, after)
        was = filled.after(None, 9)
        filled.write(before, after)
        assert filled.after(None, 9) == was


class TestLastAdmin:
    DEMOTED = ROOT._replace(admin=False, revision="demoted")

    def test_the_last_admin_can_be_neither_deleted_nor_demoted(self, filled: UserStore) -> None:
        for after in (None, self.DEMOTED, self.DEMOTED._replace(username="toor")):
            with pytest.raises(errors.LastAdmin):
                filled.write(ROOT, after)
        assert filled.after(None, 9) == [USER, ROOT]

    def test_the_last_admin_can_be_changed_and_renamed(self, filled: UserStore) -> None:
        renamed = ROOT._replace(username="toor", revision="renamed")
        filled.write(ROOT, renamed)
        with pytest.raises(errors.LastAdmin):
            filled.write(renamed, None)

    @pytest.mark.parametrize("after", [None, DEMOTED])
    def test_of_two_admins_one_can_be_deleted_or_demoted(
        self, filled: UserStore, after: None
    ) -> None:
        promoted = USER._replace(admin=True, revision="promoted")
        filled.write(USER, promoted)
        filled.write(ROOT, after)
        with pytest.raises(errors.LastAdmin):
            filled.write(promoted, promoted._replace(admin=False, revision="late"))

    def test_admins_who_were_refused_do_not_count(self, filled: UserStore) -> None:
        with pytest.raises(errors.UsernameTaken):
            filled.write(None, USER._replace(admin=True, revision="other"))
        with pytest.raises(errors.LastAdmin):
            filled.write(ROOT, None)


class TestRequests:
    """The requests themselves: moto cannot show whether they are right."""

    def asked(self, use: Callable[[DynamoUserStore], object]) -> dict[str, Any]:
        client, asked = boto3.client("dynamodb"), dict[str, Any]()

        def hear(params: dict[str, Any], **_: Any) -> None:
            asked.update(json.loads(params["body"]))

        client.meta.events.register("before-call.dynamodb.*", hear)
        use(DynamoUserStore(client, "hoststat-dev-users"))
        return asked

    def test_every_read_is_consistent(self, cloud: object) -> None:
        """A deleted user must be refused from the next request on."""
        assert self.asked(lambda users: users.get("jluser"))["ConsistentRead"] is True
        assert self.asked(lambda users: users.after(None, 9))["ConsistentRead"] is True

    def test_each_transaction_has_a_token_of_its_own_for_its_retries(self, cloud: object) -> None:
        one = self.asked(lambda users: users.write(None, USER))
        two = self.asked(lambda users: users.write(USER, CHANGED))
        assert one["ClientRequestToken"] != two["ClientRequestToken"]

    @pytest.mark.parametrize(
        ("codes", "expected"),
        [
            (["TransactionConflict", "None"], errors.Conflict),
            (["None", "TransactionConflict"], errors.Conflict),
            (["ThrottlingError", "None"], errors.Outage),
            (["None", "ProvisionedThroughputExceeded"], errors.Outage),
            (["ValidationError", "None"], ClientError),
            ([], ClientError),
        ],
    )
    def test_each_reason_of_a_refused_transaction_has_its_error(
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
