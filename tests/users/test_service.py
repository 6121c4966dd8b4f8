"""The use cases of users, over fakes."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from chalicelib import errors
from chalicelib.tasks.ports import Conflict
from chalicelib.users.model import User
from chalicelib.users.service import UserService
from tests.support.fake_users import LoginRig, MemoryUsers

JLUSER = {"username": "jluser", "fullname": "J. Random Luser", "password": "secret of jluser"}


@pytest.fixture
def rig() -> LoginRig:
    rig = LoginRig()
    rig.directory.make_admin("root", "secret of root")
    rig.directory.create(JLUSER)
    return rig


@pytest.fixture
def directory(rig: LoginRig) -> UserService:
    return rig.directory


def outline(user: User) -> tuple[str, str, bool]:
    return user.username, user.fullname, user.admin


def all_of(rig: LoginRig) -> list[tuple[str, str, bool]]:
    return [outline(user) for user in rig.users.after(None, 100)]


def test_a_password_is_kept_as_a_hash_alone(rig: LoginRig) -> None:
    user = rig.directory.find("jluser")
    assert "secret of jluser" not in str(vars(user))
    assert rig.passwords.match(user.password_hash, "secret of jluser")
    assert user.password_hash not in repr(user)


@pytest.mark.parametrize("name", ["nobody", "", "a b", "../x", "x" * 65])
def test_one_who_is_not_there_cannot_be_found_changed_or_deleted(
    directory: UserService, name: str
) -> None:
    uses: list[Callable[[], Any]] = [
        lambda: directory.find(name),
        lambda: directory.change(name, {"admin": True}),
        lambda: directory.delete(name),
    ]
    for use in uses:
        with pytest.raises(errors.NoSuchUser):
            use()


def test_a_page_says_whether_there_are_more(directory: UserService) -> None:
    jluser, root = directory.find("jluser"), directory.find("root")
    assert directory.page(None, 1) == ([jluser], True)
    assert directory.page(None, 2) == ([jluser, root], False)
    assert directory.page("jluser", 1) == ([root], False)
    assert directory.page("root", 1) == ([], False)


class TestReplace:
    def test_all_of_a_user_is_replaced(self, rig: LoginRig) -> None:
        rig.directory.create({**JLUSER, "username": "boss", "admin": True})
        fields = {"username": "boss", "fullname": "B.", "password": "secret of another"}
        user, was_there = rig.directory.replace("boss", fields)
        assert (outline(user), was_there) == (("boss", "B.", False), True)
        assert rig.passwords.match(rig.users.users["boss"].password_hash, "secret of another")

    def test_there_was_none(self, rig: LoginRig) -> None:
        user, was_there = rig.directory.replace("new", {**JLUSER, "username": "new"})
        assert (outline(user), was_there) == (("new", "J. Random Luser", False), False)

    def test_another_name_renames(self, rig: LoginRig) -> None:
        rig.directory.replace("jluser", {**JLUSER, "username": "new"})
        assert all_of(rig) == [("new", "J. Random Luser", False), ("root", "root", True)]

    def test_nobody_cannot_be_renamed(self, directory: UserService) -> None:
        with pytest.raises(errors.Invalid) as caught:
            directory.replace("nobody", JLUSER)
        assert str(caught.value) == (
            "There is no user 'nobody' to rename, and a new one must bear the name of its path, "
            "not 'jluser'."
        )

    def test_onto_a_taken_name_changes_nothing(self, rig: LoginRig) -> None:
        before = all_of(rig)
        with pytest.raises(errors.UsernameTaken):
            rig.directory.replace("jluser", {**JLUSER, "username": "root"})
        assert all_of(rig) == before


class TestMadeMeanwhile:
    """Somebody else makes the user between the look and the write."""

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

    def test_put_replaces(self, late: UserService) -> None:
        user, was_there = late.replace("jluser", {**JLUSER, "fullname": "N."})
        assert (outline(user), was_there) == (("jluser", "N.", False), True)

    def test_an_operator_makes_an_admin_of_them(self, late: UserService) -> None:
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
    def test_what_is_given_is_changed_and_the_rest_is_kept(
        self, rig: LoginRig, fields: dict[str, Any], expected: tuple[str, str, bool]
    ) -> None:
        before = rig.directory.find("jluser")
        user = rig.directory.change("jluser", fields)
        assert outline(user) == expected
        assert user == rig.users.users[expected[0]]
        assert user.password_hash == before.password_hash
        assert len(all_of(rig)) == 2

    def test_a_password_is_hashed_once_however_often_it_takes(self, rig: LoginRig) -> None:
        class Busy(MemoryUsers):
            conflicts = 3

            def write(self, before: User | None, after: User | None) -> None:
                if before and self.conflicts:
                    self.conflicts -= 1
                    raise Conflict
                super().write(before, after)

        busy = Busy()
        busy.users = dict(rig.users.users)
        directory = UserService(store=busy, passwords=rig.passwords, clock=rig.clock)
        rig.hasher.hashes = 0
        user = directory.change("jluser", {"password": "secret of another"})
        assert (rig.hasher.hashes, busy.users["jluser"]) == (1, user)

    def test_what_never_gets_through_is_an_outage(self, rig: LoginRig) -> None:
        class Jammed(MemoryUsers):
            def write(self, before: User | None, after: User | None) -> None:
                raise Conflict

        jammed = Jammed()
        jammed.users = dict(rig.users.users)
        directory = UserService(store=jammed, passwords=rig.passwords, clock=rig.clock)
        with pytest.raises(errors.Outage, match=r"Too many change the users at once; try again\."):
            directory.delete("jluser")


class TestMakeAdmin:
    def test_a_user_becomes_an_admin_and_keeps_the_name(self, rig: LoginRig) -> None:
        assert rig.directory.make_admin("jluser", "secret of another") is True
        user = rig.directory.find("jluser")
        assert outline(user) == ("jluser", "J. Random Luser", True)
        assert rig.passwords.match(user.password_hash, "secret of another")

    def test_a_new_one_is_made(self, rig: LoginRig) -> None:
        assert rig.directory.make_admin("new", "secret of another") is False
        assert outline(rig.directory.find("new")) == ("new", "new", True)


class TestTogether:
    """Threads that begin at the same moment, many times over."""

    def together(self, *uses: Callable[[], object]) -> list[object]:
        """What each gives, or the error that it raises."""
        barrier = threading.Barrier(len(uses))

        def run(use: Callable[[], object]) -> object:
            barrier.wait(30)
            try:
                return use()
            except errors.HoststatError as error:
                return type(error)

        with ThreadPoolExecutor(len(uses)) as pool:
            return list(pool.map(run, uses))

    def test_one_of_two_admins_stays(self) -> None:
        for _ in range(50):
            rig = LoginRig()
            for name in ("one", "two"):
                rig.directory.make_admin(name, "secret of jluser")
            outcomes = self.together(
                partial(rig.directory.change, "one", {"admin": False}),
                partial(rig.directory.delete, "two"),
            )
            assert outcomes.count(errors.LastAdmin) == 1
            assert [user.admin for user in rig.users.users.values()].count(True) == 1

    def test_one_of_two_new_users_of_a_name_is_made(self, rig: LoginRig) -> None:
        for index in range(50):
            fields = {**JLUSER, "username": f"new-{index}"}
            outcomes = self.together(*[partial(rig.directory.create, fields)] * 2)
            assert outcomes.count(errors.UsernameTaken) == 1

    def test_one_of_two_renames_onto_a_name_is_made(self, rig: LoginRig) -> None:
        for index in range(50):
            for name in ("one", "two"):
                rig.directory.create({**JLUSER, "username": f"{name}-{index}"})
            outcomes = self.together(
                partial(rig.directory.change, f"one-{index}", {"username": "x"}),
                partial(rig.directory.change, f"two-{index}", {"username": "x"}),
            )
            assert outcomes.count(errors.UsernameTaken) == 1
            rig.directory.delete("x")
            assert len(all_of(rig)) == 3 + index

    def test_two_changes_of_different_fields_both_count(self, rig: LoginRig) -> None:
        for index in range(50):
            self.together(
                partial(rig.directory.change, "jluser", {"fullname": f"N. {index}"}),
                partial(rig.directory.change, "jluser", {"admin": index % 2 == 0}),
            )
            assert outline(rig.directory.find("jluser"))[1:] == (f"N. {index}", index % 2 == 0)
