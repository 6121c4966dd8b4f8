"""Logins: who is let in, and what it costs."""

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from chalicelib import errors
from tests.support.asking import authorization
from tests.support.fake_users import CountingHasher, LoginRig
from tests.users.attempts import HERE, RIGHT, STRANGER, WRONG, fail, pause


class TestLetIn:
    def test_a_user_with_the_right_password_is_let_in(self, rig: LoginRig) -> None:
        assert rig.logins.check(RIGHT, HERE) == rig.users.users["jluser"]

    @pytest.mark.parametrize(
        "header", [WRONG, STRANGER, authorization("JLUSER:secret of jluser"), "", "Basic"]
    )
    def test_nobody_else_is_let_in(self, rig: LoginRig, header: str) -> None:
        fail(rig.logins, header, HERE)

    def test_a_change_counts_from_the_next_login_on(self, rig: LoginRig) -> None:
        rig.logins.check(RIGHT, HERE)
        rig.service.change("jluser", {"password": "secret of another"})
        fail(rig.logins, RIGHT, HERE)
        rig.service.change("jluser", {"admin": True})
        assert rig.logins.check(authorization("jluser:secret of another"), HERE).admin
        rig.service.delete("jluser")
        fail(rig.logins, authorization("jluser:secret of another"), HERE)

    def test_a_renamed_user_can_log_in_only_by_the_new_name(self, rig: LoginRig) -> None:
        rig.logins.check(RIGHT, HERE)
        rig.service.change("jluser", {"username": "old"})
        fail(rig.logins, RIGHT, HERE)
        assert rig.logins.check(authorization("old:secret of jluser"), HERE).username == "old"


class TestCost:
    """The cost of a login. We count hashes, reads and writes, and measure no time."""

    def cost(self, rig: LoginRig, header: str) -> dict[str, int]:
        rig.hasher.hashes = rig.users.reads = rig.tallies.reads = rig.tallies.writes = 0
        with contextlib.suppress(errors.Unauthorized):
            rig.logins.check(header, HERE)
        return {
            "hashes": rig.hasher.hashes,
            "reads of users": rig.users.reads,
            "reads of tallies": rig.tallies.reads,
            "writes of tallies": rig.tallies.writes,
        }

    def test_names_known_and_unknown_and_passwords_right_and_wrong_cost_the_same(
        self, rig: LoginRig
    ) -> None:
        for header in (RIGHT, WRONG, STRANGER):
            assert list(self.cost(rig, header).values()) == [1, 1, 1, 2]

    def test_a_remembered_login_costs_one_read(self, rig: LoginRig) -> None:
        rig.logins.check(RIGHT, HERE)
        assert list(self.cost(rig, RIGHT).values()) == [0, 1, 0, 0]

    def test_a_login_is_remembered_for_a_minute(self, rig: LoginRig) -> None:
        rig.logins.check(RIGHT, HERE)
        rig.clock.freeze(60)
        assert list(self.cost(rig, RIGHT).values()) == [1, 1, 1, 2]

    @pytest.mark.parametrize("header", ["", "Basic", "Bearer x", authorization("no colon")])
    def test_requests_without_credentials_cost_nothing_and_do_not_count(
        self, rig: LoginRig, header: str
    ) -> None:
        for _ in range(rig.LIMIT * 11):
            assert list(self.cost(rig, header).values()) == [0, 0, 0, 0]
        assert rig.tallies.kept == {}

    def test_during_a_pause_nothing_is_hashed(self, rig: LoginRig) -> None:
        fail(rig.logins, WRONG, HERE, rig.LIMIT)
        rig.hasher.hashes = 0
        assert pause(rig.logins, WRONG, HERE) == 600
        assert rig.hasher.hashes == 0


def test_few_hashes_are_made_at_once(rig: LoginRig) -> None:
    at_once, most = 0, 0
    lock = threading.Lock()

    class Slow(CountingHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            nonlocal at_once, most
            with lock:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.01)
            with lock:
                at_once -= 1
            return super().verify(hash, password)

    logins = rig.another_process(Slow())
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: logins.check(RIGHT, HERE), range(20)))
    assert 1 <= most <= 4


class TestTogether:
    def test_right_logins_at_the_same_moment_share_one_proof(self, rig: LoginRig) -> None:
        together = threading.Barrier(40)

        def log_in(_: int) -> str:
            together.wait(30)
            return rig.logins.check(RIGHT, HERE).username

        rig.hasher.hashes = 0
        with ThreadPoolExecutor(40) as pool:
            assert set(pool.map(log_in, range(40))) == {"jluser"}
        assert (rig.hasher.hashes, rig.tallies.writes) == (1, 2)

    def test_another_password_is_proved_by_itself(self, rig: LoginRig) -> None:
        rig.logins.check(RIGHT, HERE)
        rig.hasher.hashes = 0
        fail(rig.logins, WRONG, HERE)
        assert rig.hasher.hashes == 1

    def test_in_many_processes_each_writes_a_few_times(self, rig: LoginRig) -> None:
        together = threading.Barrier(40)

        def log_in(_: int) -> str:
            logins = rig.another_process()
            together.wait(30)
            return logins.check(RIGHT, HERE).username

        with ThreadPoolExecutor(40) as pool:
            assert set(pool.map(log_in, range(40))) == {"jluser"}
        assert rig.tallies.writes <= 40 * 4


class TestRehash:
    def test_a_login_renews_a_hash_with_other_parameters(self, rig: LoginRig) -> None:
        hasher = CountingHasher(memory_cost=16)
        logins = rig.another_process(hasher)
        user = logins.check(RIGHT, HERE)
        assert rig.users.users["jluser"] == user
        assert not hasher.check_needs_rehash(user.password_hash)
        assert hasher.hashes == 2
        assert logins.check(RIGHT, HERE) == user
        assert hasher.hashes == 2

    def test_a_wrong_login_renews_no_hash(self, rig: LoginRig) -> None:
        before = rig.users.users["jluser"]
        fail(rig.another_process(CountingHasher(memory_cost=16)), WRONG, HERE)
        assert rig.users.users["jluser"] == before

    def test_a_change_at_the_same_time_wins(self, rig: LoginRig) -> None:
        class Slow(CountingHasher):
            def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
                demoted = before._replace(fullname="Another", revision="other")
                rig.users.write(before, demoted)
                return super().verify(hash, password)

        before = rig.users.users["jluser"]
        assert rig.another_process(Slow(memory_cost=16)).check(RIGHT, HERE) == before
        assert rig.users.users["jluser"].fullname == "Another"

    def test_a_right_login_counts_although_the_new_hash_cannot_be_stored(
        self, rig: LoginRig
    ) -> None:
        class Busy(CountingHasher):
            def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
                raise errors.Outage

        before = rig.users.users["jluser"]
        assert rig.another_process(Busy(memory_cost=16)).check(RIGHT, HERE) == before
        assert rig.users.users["jluser"] == before


def test_the_log_has_no_password_and_no_unknown_name(
    rig: LoginRig, logged: list[tuple[str, dict[str, object]]]
) -> None:
    fail(rig.logins, WRONG, HERE)
    fail(rig.logins, STRANGER, HERE)
    assert logged == [
        ("login refused", {"source": HERE, "user": "jluser"}),
        ("login refused", {"source": HERE, "user": None}),
    ]
