"""Logins: who is let in, what it costs, and how guessing is slowed down."""

import contextlib
import dataclasses
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from chalicelib import errors
from chalicelib.users import throttle as guesses
from chalicelib.users.logins import Logins
from chalicelib.users.tallies import Tally
from tests.support.asking import authorization
from tests.support.fake_users import CountingHasher, LoginRig, MemoryTallies

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
    def test_no_credentials_cost_nothing_and_do_not_count(self, rig: LoginRig, header: str) -> None:
        for _ in range(rig.LIMIT * 11):
            assert list(self.cost(rig, header).values()) == [0, 0, 0, 0]
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

    def test_an_address_has_as_many_tries_again_after_its_pause(self, rig: LoginRig) -> None:
        """One typo must not shut out a whole office."""
        for index in range(rig.LIMIT * 10):
            fail(rig.logins, authorization(f"stranger-{index}:secret guess"), HERE)
        rig.clock.freeze(600)
        fail(rig.logins, authorization("typist:secret guess"), HERE)
        assert rig.logins.check(RIGHT, HERE).username == "jluser"

    def test_a_host_cannot_guess_from_all_its_addresses(self, rig: LoginRig) -> None:
        for index in range(rig.LIMIT):
            fail(rig.logins, WRONG, f"2001:db8::{index}")
        assert pause(rig.logins, RIGHT, "2001:db8::ffff") == 600
        assert rig.logins.check(RIGHT, "2001:db8:0:1::1").username == "jluser"

    def test_beside_a_remembered_login_there_is_no_free_guess(self, rig: LoginRig) -> None:
        """What is remembered is asked before the tallies: a wrong guess must end that."""
        rig.logins.check(RIGHT, HERE)
        fail(rig.logins, WRONG, HERE, rig.LIMIT)
        assert pause(rig.logins, RIGHT, HERE) == 600

    def test_nor_is_there_one_during_a_pause(self, rig: LoginRig) -> None:
        rig.logins.check(RIGHT, HERE)
        fail(rig.another_process(), WRONG, HERE, rig.LIMIT)
        assert pause(rig.logins, WRONG, HERE) == 600
        assert pause(rig.logins, RIGHT, HERE) == 600


class Together(MemoryTallies):
    """Nobody writes a tally before everybody has read it."""

    def __init__(self, parties: int) -> None:
        super().__init__()
        self._all_have_read = threading.Barrier(parties)
        self._seen = threading.local()

    def tallies(self, whos: list[str]) -> dict[str, Tally]:
        found = super().tallies(whos)
        if not getattr(self._seen, "read", False):
            self._seen.read = True
            self._all_have_read.wait(30)
        return found


class TestGuessingTogether:
    """Logins that come at the same time, each in a process of its own."""

    def answers(self, rig: LoginRig, *headers: str) -> list[str]:
        tallies = Together(len(headers))
        processes = [rig.another_process(tallies=tallies) for _ in headers]

        def guess(index: int) -> str:
            try:
                return processes[index].check(headers[index], HERE).username
            except errors.HoststatError as error:
                return type(error).__name__

        with ThreadPoolExecutor(len(headers)) as pool:
            return list(pool.map(guess, range(len(headers))))

    def test_no_more_are_told_than_the_limit_allows(self, rig: LoginRig) -> None:
        counted = Counter(self.answers(rig, *[WRONG] * 64))
        assert counted == {"Unauthorized": rig.LIMIT, "TooManyLogins": 64 - rig.LIMIT}

    def test_a_right_guess_is_no_exception(self, rig: LoginRig) -> None:
        """It has to be among the first, as any other."""
        told = 0
        for _ in range(20):
            right, *wrong = self.answers(rig, RIGHT, *[WRONG] * 63)
            assert right in ("jluser", "TooManyLogins")
            # Who comes in is forgiven: up to as many again are told after that.
            assert wrong.count("Unauthorized") <= 2 * rig.LIMIT
            told += right == "jluser"
        assert told < 20

    def test_names_together_do_not_pass_the_limit_of_an_address(self, rig: LoginRig) -> None:
        headers = [authorization(f"stranger-{index}:secret guess") for index in range(64)]
        counted = Counter(self.answers(rig, *headers))
        assert counted["Unauthorized"] == rig.LIMIT * 10

    def test_right_logins_together_all_come_in(self, rig: LoginRig) -> None:
        assert self.answers(rig, *[RIGHT] * 40) == ["jluser"] * 40


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
        ("fe80::1%eth0", "fe80::/64"),
        ("test-invoke-source-ip", "test-invoke-source-ip"),
        ("192.0.2.1:99", "192.0.2.1:99"),
        ("", ""),
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
