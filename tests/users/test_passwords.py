"""Passwords: hashed, compared, remembered for a moment."""

import argon2
import pytest

from chalicelib.users import passwords
from chalicelib.users.passwords import Memory, Passwords
from tests.support.fake_users import CountingHasher
from tests.support.fakes import FakeClock


class TestHashes:
    def test_they_are_argon2id_by_todays_parameters_and_salted(self) -> None:
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

    def test_a_stranger_costs_what_a_user_costs(self) -> None:
        hasher = CountingHasher()
        cheap = Passwords(hasher)
        stored = cheap.hash("a password")
        for it, password in ((stored, "a password"), (stored, "wrong"), (None, "a password")):
            hasher.hashes = 0
            assert cheap.match(it, password) is (it is not None and password == "a password")
            assert hasher.hashes == 1

    def test_what_was_hashed_by_other_parameters_is_outdated(self) -> None:
        stored = Passwords(CountingHasher(memory_cost=8)).hash("a password")
        later = Passwords(CountingHasher(memory_cost=16))
        assert later.outdated(stored)
        assert later.match(stored, "a password")

    def test_a_hash_that_is_none_is_an_error(self) -> None:
        with pytest.raises(argon2.exceptions.InvalidHashError):
            Passwords(CountingHasher()).match("no hash", "a password")


class TestMemory:
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def memory(self, clock: FakeClock) -> Memory:
        memory = Memory(clock)
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
        self, memory: Memory, stored: str, source: str, password: str
    ) -> None:
        assert memory.knows("$hash", "192.0.2.1", "a password")
        assert not memory.knows(stored, source, password)

    def test_it_forgets_after_a_minute(self, memory: Memory, clock: FakeClock) -> None:
        clock.freeze(59)
        assert memory.knows("$hash", "192.0.2.1", "a password")
        clock.freeze(1)
        assert not memory.knows("$hash", "192.0.2.1", "a password")

    def test_it_forgets_what_it_is_told(self, memory: Memory) -> None:
        memory.forget("$hash", "192.0.2.1")
        memory.forget("$hash", "192.0.2.1")
        assert not memory.knows("$hash", "192.0.2.1", "a password")

    def test_it_is_bounded_and_the_oldest_goes(self, memory: Memory) -> None:
        for index in range(Memory.MOST):
            assert memory.knows("$hash", "192.0.2.1", "a password")
            memory.keep(f"$hash {index}", "192.0.2.1", "a password")
        assert not memory.knows("$hash", "192.0.2.1", "a password")
        assert memory.knows("$hash 0", "192.0.2.1", "a password")

    def test_it_holds_no_password(self, memory: Memory) -> None:
        assert "a password" not in repr(vars(memory))
