"""Guessing of passwords: how many wrong logins get an answer, in turn and at the same time."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib import errors
from chalicelib.users.throttle import Tally
from tests.support.asking import authorization
from tests.support.fake_users import LoginRig, MemoryTallies
from tests.users.attempts import HERE, RIGHT, STRANGER, THERE, WRONG, fail, pause


class TestGuessing:
    def test_after_too_many_failures_a_name_has_to_wait_even_with_the_right_password(
        self, rig: LoginRig
    ) -> None:
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

    @pytest.mark.parametrize("password", ["secret of another", "secret of jluser"])
    @pytest.mark.parametrize("how", ["change", "replace", "make_admin"])
    def test_a_new_password_ends_the_pauses_of_its_name_from_all_addresses(
        self, rig: LoginRig, how: str, password: str
    ) -> None:
        for address in (HERE, THERE):
            fail(rig.logins, WRONG, address, rig.LIMIT)
            fail(rig.logins, STRANGER, address, rig.LIMIT)
        whole = {"username": "jluser", "fullname": "J.", "password": password}
        ways: dict[str, Callable[[], object]] = {
            "change": lambda: rig.service.change("jluser", {"password": password}),
            "replace": lambda: rig.service.replace("jluser", whole),
            "make_admin": lambda: rig.service.make_admin("jluser", password),
        }
        ways[how]()
        for address in (HERE, THERE):
            assert rig.logins.check(authorization(f"jluser:{password}"), address)
            assert pause(rig.logins, STRANGER, address) == 600

    def test_any_other_change_of_a_user_ends_no_pause(self, rig: LoginRig) -> None:
        fail(rig.logins, WRONG, HERE, rig.LIMIT)
        rig.service.change("jluser", {"fullname": "N.", "admin": True})
        assert pause(rig.logins, RIGHT, HERE) == 600

    def test_a_new_password_does_not_end_the_pause_of_an_address(self, rig: LoginRig) -> None:
        for index in range(rig.LIMIT * 10):
            fail(rig.logins, authorization(f"stranger-{index}:secret guess"), HERE)
        rig.service.change("jluser", {"password": "secret of another"})
        assert pause(rig.logins, authorization("jluser:secret of another"), HERE) == 600

    def test_another_address_does_not_have_to_wait(self, rig: LoginRig) -> None:
        fail(rig.logins, WRONG, HERE, rig.LIMIT)
        assert rig.logins.check(RIGHT, THERE).username == "jluser"

    def test_another_name_does_not_have_to_wait(self, rig: LoginRig) -> None:
        fail(rig.logins, WRONG, HERE, rig.LIMIT)
        assert rig.logins.check(authorization("root:secret of root"), HERE).admin

    def test_an_address_has_to_wait_after_ten_times_as_many_failures_of_any_names(
        self, rig: LoginRig
    ) -> None:
        for index in range(rig.LIMIT * 10):
            fail(rig.logins, authorization(f"stranger-{index}:secret guess"), HERE)
        for header in (RIGHT, authorization("somebody:else")):
            with pytest.raises(errors.TooManyLogins) as caught:
                rig.logins.check(header, HERE)
            said = "Too many wrong logins from this address; try again in 600 s."
            assert str(caught.value) == said
        assert rig.logins.check(RIGHT, THERE).username == "jluser"

    def test_a_right_login_erases_the_failures_of_the_name(self, rig: LoginRig) -> None:
        for _ in range(3):
            fail(rig.logins, WRONG, HERE, rig.LIMIT - 1)
            rig.logins.check(RIGHT, HERE)

    def test_a_right_login_does_not_erase_the_failures_of_the_address(self, rig: LoginRig) -> None:
        for index in range(rig.LIMIT * 10):
            fail(rig.logins, authorization(f"stranger-{index}:secret guess"), HERE)
            if index == 5:
                rig.logins.check(RIGHT, HERE)
        assert pause(rig.another_process(), RIGHT, HERE) == 600

    def test_an_address_has_as_many_tries_again_after_its_pause(self, rig: LoginRig) -> None:
        """An office shares one address: one typo there must not stop everybody's login."""
        for index in range(rig.LIMIT * 10):
            fail(rig.logins, authorization(f"stranger-{index}:secret guess"), HERE)
        rig.clock.freeze(600)
        fail(rig.logins, authorization("typist:secret guess"), HERE)
        assert rig.logins.check(RIGHT, HERE).username == "jluser"

    def test_all_addresses_of_an_ipv6_network_count_as_one(self, rig: LoginRig) -> None:
        for index in range(rig.LIMIT):
            fail(rig.logins, WRONG, f"2001:db8::{index}")
        assert pause(rig.logins, RIGHT, "2001:db8::ffff") == 600
        assert rig.logins.check(RIGHT, "2001:db8:0:1::1").username == "jluser"

    def test_a_remembered_login_gives_no_free_guess(self, rig: LoginRig) -> None:
        """Remembered logins are looked up before the tallies, so a wrong guess must erase them."""
        rig.logins.check(RIGHT, HERE)
        fail(rig.logins, WRONG, HERE, rig.LIMIT)
        assert pause(rig.logins, RIGHT, HERE) == 600

    def test_a_remembered_login_gives_no_free_guess_during_a_pause(self, rig: LoginRig) -> None:
        rig.logins.check(RIGHT, HERE)
        fail(rig.another_process(), WRONG, HERE, rig.LIMIT)
        assert pause(rig.logins, WRONG, HERE) == 600
        assert pause(rig.logins, RIGHT, HERE) == 600


class Together(MemoryTallies):
    """Tallies that nobody can write before everybody has read them."""

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

    def test_no_more_logins_get_an_answer_than_the_limit_allows(self, rig: LoginRig) -> None:
        counted = Counter(self.answers(rig, *[WRONG] * 64))
        assert counted == {"Unauthorized": rig.LIMIT, "TooManyLogins": 64 - rig.LIMIT}

    def test_the_limit_is_also_for_a_right_guess(self, rig: LoginRig) -> None:
        """It gets an answer only if it is among the first, like any other guess."""
        let_in = 0
        for _ in range(20):
            right, *wrong = self.answers(rig, RIGHT, *[WRONG] * 63)
            assert right in ("jluser", "TooManyLogins")
            # A right login erases the failures, so as many wrong ones may get an answer after it.
            assert wrong.count("Unauthorized") <= 2 * rig.LIMIT
            let_in += right == "jluser"
        assert let_in < 20

    def test_many_names_together_do_not_exceed_the_limit_of_an_address(self, rig: LoginRig) -> None:
        headers = [authorization(f"stranger-{index}:secret guess") for index in range(64)]
        counted = Counter(self.answers(rig, *headers))
        assert counted["Unauthorized"] == rig.LIMIT * 10

    def test_right_logins_at_the_same_time_are_all_let_in(self, rig: LoginRig) -> None:
        assert self.answers(rig, *[RIGHT] * 40) == ["jluser"] * 40
