"""Passwords: hashed, compared, and remembered for a minute."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import argon2
import pytest

from chalicelib import errors
from chalicelib.users import passwords
from chalicelib.users.passwords import Passwords, RecentLogins
from chalicelib.users.service import UserService
from tests.support.fake_users import CountingHasher, MemoryUsers
from tests.support.fakes import FakeClock
from tests.support.processes import DEADLINE, until


class TestHashes:
    def test_a_hash_is_argon2id_with_todays_parameters_and_a_salt(self) -> None:
        real = Passwords(passwords.hasher())
        first, second = real.hash("a password"), real.hash("a password")
        assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert first != second
        assert real.match(first, "a password")
        assert not real.outdated(first)

    @pytest.mark.parametrize("other", ["", "A password", "a password ", "a passwor"])
    def test_another_password_does_not_match(self, other: str) -> None:
        cheap = Passwords(CountingHasher())
        assert not cheap.match(cheap.hash("a password"), other)

    def test_accents_match_however_they_were_typed(self) -> None:
        cheap = Passwords(CountingHasher())
        assert cheap.match(cheap.hash("passwo\u0308rd"), "passw\u00f6rd")

    def test_an_unknown_user_costs_as_many_hashes_as_a_known_one(self) -> None:
        hasher = CountingHasher()
        cheap = Passwords(hasher)
        stored = cheap.hash("a password")
        for it, password in ((stored, "a password"), (stored, "wrong"), (None, "a password")):
            hasher.hashes = 0
            assert cheap.match(it, password) is (it is not None and password == "a password")
            assert hasher.hashes == 1

    def test_a_hash_with_other_parameters_is_outdated(self) -> None:
        stored = Passwords(CountingHasher(memory_cost=8)).hash("a password")
        later = Passwords(CountingHasher(memory_cost=16))
        assert later.outdated(stored)
        assert later.match(stored, "a password")

    @pytest.mark.parametrize("password", ["", "a password"])
    def test_no_password_matches_an_empty_hash(self, password: str) -> None:
        hasher = CountingHasher()
        assert not Passwords(hasher).match("", password)
        assert hasher.hashes == 1

    def test_a_stored_text_that_is_no_hash_is_an_error(self) -> None:
        with pytest.raises(argon2.exceptions.InvalidHashError):
            Passwords(CountingHasher()).match("no hash", "a password")


class TestGate:
    """The limit of four hashes at once in a process."""

    class Slow(CountingHasher):
        """A hasher that counts its calls at the same time. They wait until `go_on` is set."""

        def __init__(self) -> None:
            super().__init__()
            self.at_once = self.most = 0
            self.go_on = threading.Event()
            self._lock = threading.Lock()

        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            with self._lock:
                self.at_once += 1
                self.most = max(self.most, self.at_once)
            assert self.go_on.wait(DEADLINE)
            with self._lock:
                self.at_once -= 1
            return super().hash(password, salt=salt)

    def test_twenty_users_who_are_created_at_once_take_turns(self) -> None:
        hasher = self.Slow()
        service = UserService(store=MemoryUsers(), passwords=Passwords(hasher), clock=FakeClock())

        def create(number: int) -> str:
            fields = {"username": f"u{number}", "fullname": "U.", "password": "secret of many"}
            return service.create(fields).username

        with ThreadPoolExecutor(20) as pool:
            created = [pool.submit(create, number) for number in range(20)]
            assert until(lambda: hasher.at_once == 4)
            hasher.go_on.set()
        assert {it.result() for it in created} == {f"u{number}" for number in range(20)}
        assert hasher.most == 4

    def test_whoever_waits_too_long_is_told_to_try_again(self) -> None:
        hasher = self.Slow()
        passwords = Passwords(hasher, patience=0.01)
        with ThreadPoolExecutor(4) as pool:
            for _ in range(4):
                pool.submit(passwords.hash, "secret of many")
            assert until(lambda: hasher.at_once == 4)
            for use in (passwords.hash, partial(passwords.match, None)):
                with pytest.raises(errors.Outage, match=r"Too many passwords"):
                    use("secret of many")
            hasher.go_on.set()


class TestRecentLogins:
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def memory(self, clock: FakeClock) -> RecentLogins:
        memory = RecentLogins(clock)
        memory.keep("$hash", "192.0.2.1", "a password")
        return memory

    @pytest.mark.parametrize(
        ("stored", "source", "password"),
        [
            ("$other", "192.0.2.1", "a password"),
            ("$hash", "192.0.2.2", "a password"),
            ("$hash", "192.0.2.1", "another one"),
            ("$hash", "192.0.2.1", ""),
        ],
    )
    def test_it_knows_one_password_of_one_hash_from_one_source(
        self, memory: RecentLogins, stored: str, source: str, password: str
    ) -> None:
        assert memory.knows("$hash", "192.0.2.1", "a password")
        assert not memory.knows(stored, source, password)

    def test_it_forgets_after_a_minute(self, memory: RecentLogins, clock: FakeClock) -> None:
        clock.freeze(59)
        assert memory.knows("$hash", "192.0.2.1", "a password")
        clock.freeze(1)
        assert not memory.knows("$hash", "192.0.2.1", "a password")

    def test_it_forgets_an_entry_when_it_is_told_to(self, memory: RecentLogins) -> None:
        memory.forget("$hash", "192.0.2.1")
        memory.forget("$hash", "192.0.2.1")
        assert not memory.knows("$hash", "192.0.2.1", "a password")

    def test_it_forgets_the_oldest_entry_when_there_are_too_many(
        self, memory: RecentLogins
    ) -> None:
        for index in range(RecentLogins.MOST):
            assert memory.knows("$hash", "192.0.2.1", "a password")
            memory.keep(f"$hash {index}", "192.0.2.1", "a password")
        assert not memory.knows("$hash", "192.0.2.1", "a password")
        assert memory.knows("$hash 0", "192.0.2.1", "a password")

    def test_it_contains_no_password(self, memory: RecentLogins) -> None:
        assert "a password" not in repr(vars(memory))
