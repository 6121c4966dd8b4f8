"""The use cases of users, on fakes."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from chalicelib import errors
from chalicelib.users.model import User
from chalicelib.users.service import UserService
from tests.support.fake_users import LoginRig, MemoryUsers

JLUSER = {"username": "jluser", "fullname": "J. Random Luser", "password": "secret of jluser"}


@pytest.fixture
def rig() -> LoginRig:
    rig = LoginRig()
    rig.service.make_admin("root", "secret of root")
    rig.service.create(JLUSER)
    return rig


@pytest.fixture
def service(rig: LoginRig) -> UserService:
    return rig.service


def outline(user: User) -> tuple[str, str, bool]:
    return user.username, user.fullname, user.admin


def all_of(rig: LoginRig) -> list[tuple[str, str, bool]]:
    return [outline(user) for user in rig.users.after(None, 100)]


def test_only_the_hash_of_a_password_is_stored(rig: LoginRig) -> None:
    user = rig.service.find("jluser")
    assert "secret of jluser" not in str(user._asdict())
    assert rig.passwords.match(user.password_hash, "secret of jluser")
    assert user.password_hash not in repr(user)


@pytest.mark.parametrize("name", ["nobody", "", "a b", "../x", "x" * 65])
def test_an_unknown_user_cannot_be_found_changed_or_deleted(
    service: UserService, name: str
) -> None:
    uses: list[Callable[[], Any]] = [
        lambda: service.find(name),
        lambda: service.change(name, {"admin": True}),
        lambda: service.delete(name),
    ]
    for use in uses:
        with pytest.raises(errors.NoSuchUser):
            use()


def test_a_page_says_whether_there_are_more(service: UserService) -> None:
    jluser, root = service.find("jluser"), service.find("root")
    assert service.page(None, 1) == ([jluser], True)
    assert service.page(None, 2) == ([jluser, root], False)
    assert service.page("jluser", 1) == ([root], False)
    assert service.page("root", 1) == ([], False)


class TestReplace:
    def test_all_of_a_user_is_replaced(self, rig: LoginRig) -> None:
        rig.service.create({**JLUSER, "username": "boss", "admin": True})
        fields = {"username": "boss", "fullname": "B.", "password": "secret of another"}
        user, was_there = rig.service.replace("boss", fields)
        assert (outline(user), was_there) == (("boss", "B.", False), True)
        assert rig.passwords.match(rig.users.users["boss"].password_hash, "secret of another")

    def test_a_user_who_was_not_there_is_created(self, rig: LoginRig) -> None:
        user, was_there = rig.service.replace("new", {**JLUSER, "username": "new"})
        assert (outline(user), was_there) == (("new", "J. Random Luser", False), False)

    def test_another_name_renames_the_user(self, rig: LoginRig) -> None:
        rig.service.replace("jluser", {**JLUSER, "username": "new"})
        assert all_of(rig) == [("new", "J. Random Luser", False), ("root", "root", True)]

    def test_a_user_who_is_not_there_cannot_be_renamed(self, service: UserService) -> None:
        with pytest.raises(errors.Invalid) as caught:
            service.replace("nobody", JLUSER)
        assert str(caught.value) == (
            "There is no user 'nobody' to rename, and a new user must have the name "
            "that is in the path, not 'jluser'."
        )

    def test_a_rename_to_a_taken_name_changes_nothing(self, rig: LoginRig) -> None:
        before = all_of(rig)
        with pytest.raises(errors.UsernameTaken):
            rig.service.replace("jluser", {**JLUSER, "username": "root"})
        assert all_of(rig) == before


class TestMadeMeanwhile:
    """Somebody else creates the user between our read and our write."""

    @pytest.fixture
    def late(self, rig: LoginRig) -> UserService:
        class Late(MemoryUsers):
            blind = True

            def get(self, username: str) -> User | None:
                found = None if self.blind else super().get(username)
                self.blind = False
                return found

        late = Late()
        late.users = rig.users.users
        return UserService(store=late, passwords=rig.passwords, clock=rig.clock)

    def test_replace_replaces_that_user(self, late: UserService) -> None:
        user, was_there = late.replace("jluser", {**JLUSER, "fullname": "N."})
        assert (outline(user), was_there) == (("jluser", "N.", False), True)

    def test_make_admin_makes_that_user_an_admin(self, late: UserService) -> None:
        assert late.make_admin("jluser", "secret of another") is True


class TestChange:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"fullname": "N."}, ("jluser", "N.", False)),
            ({"admin": True}, ("jluser", "J. Random Luser", True)),
            ({"username": "new"}, ("new", "J. Random Luser", False)),
            ({"username": "jluser"}, ("jluser", "J. Random Luser", False)),
        ],
    )
    def test_the_given_fields_change_and_the_others_stay(
        self, rig: LoginRig, fields: dict[str, Any], expected: tuple[str, str, bool]
    ) -> None:
        before = rig.service.find("jluser")
        user = rig.service.change("jluser", fields)
        assert outline(user) == expected
        assert user == rig.users.users[expected[0]]
        assert user.password_hash == before.password_hash
        assert len(all_of(rig)) == 2

    def test_a_password_is_hashed_once_however_often_the_write_is_tried(
        self, rig: LoginRig
    ) -> None:
        class Busy(MemoryUsers):
            conflicts = 3

            def write(self, before: User | None, after: User | None) -> None:
                if before and self.conflicts:
                    self.conflicts -= 1
                    raise errors.Conflict
                super().write(before, after)

        busy = Busy()
        busy.users = dict(rig.users.users)
        service = UserService(store=busy, passwords=rig.passwords, clock=rig.clock)
        rig.hasher.hashes = 0
        user = service.change("jluser", {"password": "secret of another"})
        assert (rig.hasher.hashes, busy.users["jluser"]) == (1, user)

    def test_a_change_that_always_meets_a_conflict_is_an_outage(self, rig: LoginRig) -> None:
        class Jammed(MemoryUsers):
            def write(self, before: User | None, after: User | None) -> None:
                raise errors.Conflict

        jammed = Jammed()
        jammed.users = dict(rig.users.users)
        service = UserService(store=jammed, passwords=rig.passwords, clock=rig.clock)
        with pytest.raises(
            errors.Outage, match=r"Too many requests change users at the same time; try again\."
        ):
            service.delete("jluser")


class TestMakeAdmin:
    def test_a_user_becomes_an_admin_and_keeps_the_name(self, rig: LoginRig) -> None:
        assert rig.service.make_admin("jluser", "secret of another") is True
        user = rig.service.find("jluser")
        assert outline(user) == ("jluser", "J. Random Luser", True)
        assert rig.passwords.match(user.password_hash, "secret of another")

    def test_a_new_admin_is_made(self, rig: LoginRig) -> None:
        assert rig.service.make_admin("new", "secret of another") is False
        assert outline(rig.service.find("new")) == ("new", "new", True)


class TestTogether:
    """Threads that begin at the same moment, many times over."""

    def together(self, *uses: Callable[[], object]) -> list[object]:
        """Call all at the same moment; give what each gives, or the class of its error."""
        barrier = threading.Barrier(len(uses))

        def run(use: Callable[[], object]) -> object:
            barrier.wait(30)
            try:
                return use()
            except errors.HoststatError as error:
                return type(error)

        with ThreadPoolExecutor(len(uses)) as pool:
            return list(pool.map(run, uses))

    def test_of_two_admins_one_stays(self) -> None:
        for _ in range(50):
            rig = LoginRig()
            for name in ("one", "two"):
                rig.service.make_admin(name, "secret of jluser")
            outcomes = self.together(
                partial(rig.service.change, "one", {"admin": False}),
                partial(rig.service.delete, "two"),
            )
            assert outcomes.count(errors.LastAdmin) == 1
            assert [user.admin for user in rig.users.users.values()].count(True) == 1

    def test_of_two_creates_with_one_name_one_succeeds(self, rig: LoginRig) -> None:
        for index in range(50):
            fields = {**JLUSER, "username": f"new-{index}"}
            outcomes = self.together(*[partial(rig.service.create, fields)] * 2)
            assert outcomes.count(errors.UsernameTaken) == 1

    def test_of_two_renames_to_one_name_one_succeeds(self, rig: LoginRig) -> None:
        for index in range(50):
            for name in ("one", "two"):
                rig.service.create({**JLUSER, "username": f"{name}-{index}"})
            outcomes = self.together(
                partial(rig.service.change, f"one-{index}", {"username": "x"}),
                partial(rig.service.change, f"two-{index}", {"username": "x"}),
            )
            assert outcomes.count(errors.UsernameTaken) == 1
            rig.service.delete("x")
            assert len(all_of(rig)) == 3 + index

    def test_two_changes_of_different_fields_both_count(self, rig: LoginRig) -> None:
        for index in range(50):
            self.together(
                partial(rig.service.change, "jluser", {"fullname": f"N. {index}"}),
                partial(rig.service.change, "jluser", {"admin": index % 2 == 0}),
            )
            assert outline(rig.service.find("jluser"))[1:] == (f"N. {index}", index % 2 == 0)
