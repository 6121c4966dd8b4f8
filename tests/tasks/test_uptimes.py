"""The report of an uptime: what a host may write into it, and what is believed."""

import json

import pytest

from chalicelib.tasks import uptimes
from tests.support.fakes import FakeClock, FakeMachine

TOLD = {
    "uptime": "up 1 day",
    "seconds": 86_400.5,
    "users": 1,
    "load": [0.1, 2, 0.3],
    "host": "node",
}


def test_what_a_machine_tells_is_read() -> None:
    machine = FakeMachine(FakeClock())
    told = uptimes.read(uptimes.tell(machine))
    assert told
    assert told._asdict() == machine.uptime_numbers()


def test_a_long_line_is_cut() -> None:
    told = uptimes.read(json.dumps({**TOLD, "uptime": "x" * 10_000}))
    assert told
    assert len(told.uptime) == 500


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(report 0 is missing)\n\n",
        "[" * 100_000,
        "{}",
        "[]",
        *(
            json.dumps(TOLD | wrong)
            for wrong in (
                {"uptime": 1},
                {"seconds": "1"},
                {"seconds": float("nan")},
                {"seconds": True},
                {"users": 1.5},
                {"users": True},
                {"load": [1, 2]},
                {"load": [1, 2, "3"]},
                {"load": [1, 2, float("inf")]},
                {"host": None},
            )
        ),
    ],
)
def test_anything_else_is_not_an_uptime(text: str) -> None:
    assert uptimes.read(text) is None
