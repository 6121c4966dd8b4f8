"""The process of uptime: good ones, bad ones, and how long a text is good."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chalicelib import errors
from chalicelib.measure.machine import ThisMachine
from tests.support import iostats
from tests.support.fakes import FakeClock
from tests.support.iostats import TELL_PID, fake
from tests.support.processes import until


def test_uptime_is_what_the_command_prints_stripped(tmp_path: Path) -> None:
    path = fake(tmp_path, "printf ' 12:00:09 up \\377 \\n'", name="uptime")
    assert ThisMachine(path).uptime() == r"12:00:09 up \xff"


def counting(tmp_path: Path, script: str = "") -> str:
    """Write an uptime that tells how often it has run, after `script`."""
    runs = tmp_path / "runs"
    return fake(tmp_path, f"echo again >> {runs}; {script} wc -l < {runs}", name="uptime")


def test_an_uptime_is_good_until_the_next_second_as_it_tells_seconds(tmp_path: Path) -> None:
    clock = FakeClock()
    machine = ThisMachine(counting(tmp_path), clock=clock)
    told = []
    for seconds in (0, 0.5, 0.5, 0.75, 3600):
        clock.freeze(seconds)
        told.append(machine.uptime())
    assert told == ["1", "1", "2", "2", "3"]


def test_an_uptime_is_not_good_when_its_second_comes_again(tmp_path: Path) -> None:
    clock = FakeClock()
    machine = ThisMachine(counting(tmp_path), clock=clock)
    machine.uptime()
    clock.jump(-3600)
    clock.freeze(3600)
    assert machine.uptime() == "2"


def test_an_uptime_that_ends_in_the_next_second_may_be_of_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.measure.commands._COMMAND_SECONDS", 60)
    clock, go_on = FakeClock(), tmp_path / "go on"
    wait = f"until test -e '{go_on}'; do sleep 0.01; done;"
    machine = ThisMachine(counting(tmp_path, wait), clock=clock)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(machine.uptime)
        assert until((tmp_path / "runs").exists)
        clock.freeze(1)
        go_on.touch()
        assert first.result() == "1"
    assert machine.uptime() == "2"


def test_a_failed_uptime_is_not_kept(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.touch()
    script = f"test -e {broken} && exit 1; echo 12:00:09 up"
    machine = ThisMachine(fake(tmp_path, script, name="uptime"), clock=FakeClock())
    with pytest.raises(errors.MachineFailed):
        machine.uptime()
    broken.unlink()
    assert machine.uptime() == "12:00:09 up"


@pytest.fixture(params=["pidfd", "no pidfd"])
def _this_system_or_an_older_one(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if request.param == "no pidfd":
        monkeypatch.delattr(os, "pidfd_open")


@pytest.mark.usefixtures("_this_system_or_an_older_one")
def test_an_uptime_that_fails_is_a_failure_of_the_machine(tmp_path: Path) -> None:
    with pytest.raises(errors.MachineFailed) as caught:
        ThisMachine(fake(tmp_path, "exit 1", name="uptime")).uptime()
    assert str(caught.value) == "uptime ended with status 1."


@pytest.mark.usefixtures("_this_system_or_an_older_one")
@pytest.mark.parametrize(
    "script",
    [
        "exec sleep 600",
        "sleep 600; echo late",
        "sleep 600 & echo early",
        "exec >&-; exec sleep 600",
        "while :; do echo more; sleep 0.01; done",
    ],
    ids=["hangs", "hangs in a child", "leaves a child", "closes its output", "goes on writing"],
)
def test_an_uptime_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr("chalicelib.measure.commands._COMMAND_SECONDS", 0.2)
    with pytest.raises(errors.MachineFailed) as caught:
        ThisMachine(fake(tmp_path, script, name="uptime")).uptime()
    assert str(caught.value) == "uptime took more than 0.2 s and was ended."


def test_an_uptime_that_writes_without_end_is_ended_at_once(tmp_path: Path) -> None:
    with pytest.raises(errors.MachineFailed) as caught:
        ThisMachine(fake(tmp_path, f"{TELL_PID}exec yes", name="uptime")).uptime()
    assert str(caught.value) == "uptime wrote more than 65536 bytes."
    assert iostats.gone(iostats.pid(tmp_path))
