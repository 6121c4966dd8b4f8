"""Logins: who is let in, what it costs, and how guessing is slowed down."""

import contextlib
import dataclasses
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from chalicelib import errors, guesses
from chalicelib.logins import Logins
from tests.api import authorization
from tests.fakeusers import CountingHasher, LoginRig

RIGHT, WRONG, STRANGER = (
    authorization(text)
    for text in ("jluser:secret of jluser", "jluser:secret guess", "nobody:secret of jluser")
)
HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def rig() -> LoginRig:
    rig = LoginRig()
    rig.directory.make_admin("root", "secret of root")
    rig.directory.create({"username": "jluser", "fullname": "J.", "password": "secret of jluser"})
    return rig


def fail(logins: Logins, header: str, address: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(errors.Unauthorized):
            logins.check(header, address)


def pause(logins: Logins, header: str, address: str) -> int:
    """The seconds that a login has to wait."""
    with pytest.raises(errors.TooManyLogins) as caught:
        logins.check(header, address)
    return caught.value.seconds


class TestLetIn:
    def test_who_has_the_right_password(self, rig: LoginRig) -> None:
        assert rig.logins.check(RIGHT, HERE) == rig.users.users["jluser"]

    @pytest.mark.parametrize(
        "header", [WRONG, STRANGER, authorization("JLUSER:secret of jluser"), "", "Basic"]
    )
    def test_nobody_else(self, rig: LoginRig, header: str) -> None:
        fail(rig.logins, header, HERE)

    def test_a_change_counts_from_the_next_login_on(self, rig: LoginRig) -> None:
        rig.logins.check(RIGHT, HERE)
        rig.directory.change("jluser", {"password": "secret of another"})
        fail(rig.logins, RIGHT, HERE)
        rig.directory.change("jluser", {"admin": True})
        assert rig.logins.check(authorization("jluser:secret of another"), HERE).admin
        rig.directory.delete("jluser")
        fail(rig.logins, authorization("jluser:secret of another"), HERE)

    def test_one_who_took_the_name_is_another(self, rig: LoginRig) -> None:
        rig.logins.check(RIGHT, HERE)
        rig.directory.change("jluser", {"username": "old"})
        fail(rig.logins, RIGHT, HERE)
        assert rig.logins.check(authorization("old:secret of jluser"), HERE).username == "old"


class TestCost:
    """Counted, not timed: hashes, and reads of users and of tallies."""

    def cost(self, rig: LoginRig, header: str) -> tuple[int, int, int]:
        rig.hasher.hashes = rig.users.reads = rig.tallies.reads = 0
        with contextlib.suppress(errors.Unauthorized):
            rig.logins.check(header, HERE)
        return rig.hasher.hashes, rig.users.reads, rig.tallies.reads

    def test_names_known_and_unknown_and_passwords_right_and_wrong_cost_the_same(
        self, rig: LoginRig
    ) -> None:
        assert {self.cost(rig, header) for header in (RIGHT, WRONG, STRANGER)} == {(1, 1, 2)}

    def test_a_remembered_login_costs_one_read(self, rig: LoginRig) -> None:
        rig.logins.check(RIGHT, HERE)
        assert self.cost(rig, RIGHT) == (0, 1, 0)

    def test_a_login_is_remembered_for_a_minute(self, rig: LoginRig) -> None:
        rig.logins.check(RIGHT, HERE)
        rig.clock.freeze(60)
        assert self.cost(rig, RIGHT) == (1, 1, 2)

    @pytest.mark.parametrize("header", ["", "Basic", "Bearer x", authorization("no colon")])
    def test_no_credentials_cost_nothing_and_do_not_count(self, rig: LoginRig, header: str) -> None:
        for _ in range(rig.LIMIT * 11):
            assert self.cost(rig, header) == (0, 0, 0)
        assert rig.tallies.kept == {}

    def test_a_pause_is_known_before_any_hash(self, rig: LoginRig) -> None:
        fail(rig.logins, WRONG, HERE, rig.LIMIT)
        rig.hasher.hashes = 0
        assert pause(rig.logins, WRONG, HERE) == 600
        assert rig.hasher.hashes == 0


class TestGuessing:
    def test_a_name_pauses_after_too_many_failures_whatever_comes_then(self, rig: LoginRig) -> None:
        for header in (WRONG, STRANGER):
            fail(rig.logins, header, HERE, rig.LIMIT)
            assert pause(rig.logins, header, HERE) == 600
        assert pause(rig.logins, RIGHT, HERE) == 600

    def test_pauses_grow_and_end(self, rig: LoginRig) -> None:
        fail(rig.logins, WRONG, HERE, rig.LIMIT)
        for seconds in (600, 1200, 2400, 3600, 3600):
            assert pause(rig.logins, RIGHT, HERE) == seconds
            rig.clock.freeze(seconds - 1)
            assert pause(rig.logins, RIGHT, HERE) == 1
            rig.clock.freeze(1)
            fail(rig.logins, WRONG, HERE)
        rig.clock.freeze(3600)
        assert rig.logins.check(RIGHT, HERE).username == "jluser"

    def test_an_address_that_did_not_fail_does_not_pause(self, rig: LoginRig) -> None:
        fail(rig.logins, WRONG, HERE, rig.LIMIT)
        assert rig.logins.check(RIGHT, THERE).username == "jluser"

    def test_another_name_does_not_pause(self, rig: LoginRig) -> None:
        fail(rig.logins, WRONG, HERE, rig.LIMIT)
        assert rig.logins.check(authorization("root:secret of root"), HERE).admin

    def test_an_address_pauses_after_ten_times_as_many_of_any_name(self, rig: LoginRig) -> None:
        for index in range(rig.LIMIT * 10):
            fail(rig.logins, authorization(f"stranger-{index}:secret guess"), HERE)
        for header in (RIGHT, authorization("somebody:else")):
            assert pause(rig.logins, header, HERE) == 600
        assert rig.logins.check(RIGHT, THERE).username == "jluser"

    def test_who_comes_in_begins_anew(self, rig: LoginRig) -> None:
        for _ in range(3):
            fail(rig.logins, WRONG, HERE, rig.LIMIT - 1)
            rig.logins.check(RIGHT, HERE)

    def test_who_comes_in_does_not_absolve_the_address(self, rig: LoginRig) -> None:
        for index in range(rig.LIMIT * 10):
            fail(rig.logins, authorization(f"stranger-{index}:secret guess"), HERE)
            if index == 5:
                rig.logins.check(RIGHT, HERE)
        assert pause(rig.another_process(), RIGHT, HERE) == 600

    def test_beside_a_remembered_login_there_is_no_free_guess(self, rig: LoginRig) -> None:
        """What is remembered is asked before the tallies: a failure must end that."""
        rig.logins.check(RIGHT, HERE)
        fail(rig.logins, WRONG, HERE, rig.LIMIT)
        assert pause(rig.logins, RIGHT, HERE) == 600

    def test_guesses_at_the_same_time_do_not_pass_the_limit(self, rig: LoginRig) -> None:
        processes = [rig.another_process() for _ in range(8)]
        together = threading.Barrier(64)

        def guess(index: int) -> str:
            together.wait(30)
            try:
                return processes[index % 8].check(WRONG, HERE).username
            except errors.HoststatError as error:
                return type(error).__name__

        with ThreadPoolExecutor(64) as pool:
            answers = Counter(pool.map(guess, range(64)))
        assert answers == {"Unauthorized": rig.LIMIT, "TooManyLogins": 64 - rig.LIMIT}

    def test_a_right_guess_among_too_many_is_not_told(self, rig: LoginRig) -> None:
        """The others fail while its hash is made."""
        other = rig.another_process()

        class Slow(CountingHasher):
            def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
                if password == b"secret of jluser":
                    fail(other, WRONG, HERE, rig.LIMIT)
                return super().verify(hash, password)

        assert pause(rig.another_process(Slow()), RIGHT, HERE) == 600


class TestRehash:
    def test_a_login_renews_a_hash_of_other_parameters(self, rig: LoginRig) -> None:
        hasher = CountingHasher(memory_cost=16)
        logins = rig.another_process(hasher)
        user = logins.check(RIGHT, HERE)
        assert rig.users.users["jluser"] == user
        assert not hasher.check_needs_rehash(user.password_hash)
        assert hasher.hashes == 2
        assert logins.check(RIGHT, HERE) == user
        assert hasher.hashes == 2

    def test_a_wrong_one_does_not(self, rig: LoginRig) -> None:
        before = rig.users.users["jluser"]
        fail(rig.another_process(CountingHasher(memory_cost=16)), WRONG, HERE)
        assert rig.users.users["jluser"] == before

    def test_a_change_at_the_same_time_wins(self, rig: LoginRig) -> None:
        class Slow(CountingHasher):
            def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
                demoted = dataclasses.replace(before, fullname="Another", revision="other")
                rig.users.write(before, demoted)
                return super().verify(hash, password)

        before = rig.users.users["jluser"]
        assert rig.another_process(Slow(memory_cost=16)).check(RIGHT, HERE) == before
        assert rig.users.users["jluser"].fullname == "Another"


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_an_ipv6_host_is_its_whole_network(address: str, source: str) -> None:
    assert guesses.source_of(address) == source


def test_the_log_has_no_password_and_no_name_that_is_not_known(
    rig: LoginRig, logged: list[tuple[str, dict[str, object]]]
) -> None:
    fail(rig.logins, WRONG, HERE)
    fail(rig.logins, STRANGER, HERE)
    assert logged == [
        ("login refused", {"source": HERE, "user": "jluser"}),
        ("login refused", {"source": HERE, "user": None}),
    ]
