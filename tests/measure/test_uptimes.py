"""The numbers in the text of uptime."""

import pytest

from chalicelib import errors
from chalicelib.measure import numbers
from chalicelib.measure.machine import ThisMachine

TAIL = "2 users,  load average: 0.58, 0.25, 0.14"
REST = {"users": 2, "load": [0.58, 0.25, 0.14]}


@pytest.mark.parametrize(
    ("up", "seconds"),
    [
        ("14 days,  7:33", 14 * 86_400 + 7 * 3600 + 33 * 60),
        ("1 day,  0:00", 86_400),
        ("27 min", 27 * 60),
        ("2 days, 5 min", 2 * 86_400 + 300),
        (" 3:58", 3 * 3600 + 58 * 60),
        ("2 hrs", 7200),
        ("30 secs", 30),
    ],
)
def test_seconds_are_read_from_the_text_if_they_are_not_given(up: str, seconds: int) -> None:
    text = f"20:16:57 up {up},  {TAIL}"
    assert numbers.read_uptime(text, None) == {"seconds": float(seconds), **REST}
    assert numbers.read_uptime(text, 1.25) == {"seconds": 1.25, **REST}


@pytest.mark.parametrize(
    ("text", "users", "load"),
    [
        ("9:01 up 3 days, 1 user, load averages: 1.20 1.30 1.40", 1, [1.2, 1.3, 1.4]),
        ("09:01:00 up 1 min,  load average: 0.00, 0.01, 0.05", 0, [0.0, 0.01, 0.05]),
    ],
)
def test_users_and_load_are_read(text: str, users: int, load: list[float]) -> None:
    found = numbers.read_uptime(text, 0.5)
    assert (found["users"], found["load"]) == (users, load)


@pytest.mark.parametrize("text", ["", "up", "20:16:57 up 14 days", "load average: 1, 2, 3"])
def test_a_text_that_cannot_be_read_is_a_failure_of_the_machine(text: str) -> None:
    with pytest.raises(errors.MachineFailed):
        numbers.read_uptime(text, None)


def test_the_uptime_of_this_machine_can_be_read() -> None:
    found = ThisMachine("").uptime_numbers()
    assert list(found) == ["uptime", "seconds", "users", "load", "host"]
    assert isinstance(found["seconds"], float)
