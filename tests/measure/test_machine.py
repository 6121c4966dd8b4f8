"""This machine: how its iostat is started and ended."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import errors
from chalicelib.measure.machine import ThisMachine
from chalicelib.measure.model import Window
from local import stage
from tests.support import iostats
from tests.support.iostats import TELL_PID, fake


@pytest.fixture
def _an_open_stdin() -> Iterator[None]:
    """Make standard input a file. Under pytest it is /dev/null."""
    saved = os.dup(0)
    with open(__file__) as file:
        os.dup2(file.fileno(), 0)
    yield
    os.dup2(saved, 0)
    os.close(saved)


@pytest.mark.usefixtures("_an_open_stdin")
@pytest.mark.parametrize("tethered", [True, False])
def test_iostat_gets_what_it_needs_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tethered: bool
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    path = fake(tmp_path, iostats.SPY, by=f"{sys.executable} -IS")
    path = path if tethered else str(tmp_path)
    with ThisMachine(path).open(Window(3, 1)) as feed, pytest.raises(errors.Killed):
        list(feed)
    assert json.loads((tmp_path / "facts").read_text()) == {
        "arguments": ["-d", "1", "3"],
        "environment": {"LC_ALL": "C", "S_TIME_FORMAT": "ISO", "PATH": path},
        "stdin is null": True,
        "own session": True,
    }


@pytest.mark.parametrize(
    ("platform", "first", "arguments"),
    [
        ("linux", 0, "-d 5 3"),
        ("linux", 1, "-d -y 5 2"),
        ("linux", 2, "-d -y 5 1"),
        ("darwin", 0, "-d -c 3 -w 5"),
        ("darwin", 2, "-d -c 2 -w 5"),
    ],
)
def test_iostat_is_asked_for_the_reports_that_are_left(
    tmp_path: Path, platform: str, first: int, arguments: str
) -> None:
    path = fake(tmp_path, 'echo "$@" >&2; exit 1')
    with (
        ThisMachine(path, platform=platform).open(Window(3, 5), first=first) as feed,
        pytest.raises(errors.MachineFailed) as caught,
    ):
        list(feed)
    assert str(caught.value) == f"iostat ended with status 1: {arguments}"


@pytest.mark.parametrize(
    ("window", "first", "arguments"),
    [
        (Window(3, 5, extended=True), 0, "-d -x 5 3"),
        (Window(3, 5, cpu=True), 0, "-d -c 5 3"),
        (Window(3, 5, extended=True, cpu=True), 2, "-d -x -c -y 5 1"),
    ],
)
def test_iostat_is_asked_for_what_the_window_wants(
    tmp_path: Path, window: Window, first: int, arguments: str
) -> None:
    path = fake(tmp_path, 'echo "$@" >&2; exit 1')
    with (
        ThisMachine(path, platform="linux").open(window, first=first) as feed,
        pytest.raises(errors.MachineFailed) as caught,
    ):
        list(feed)
    assert str(caught.value) == f"iostat ended with status 1: {arguments}"


@pytest.mark.parametrize("window", [Window(1, 1, extended=True), Window(1, 1, cpu=True)])
def test_macos_measures_neither_option(tmp_path: Path, window: Window) -> None:
    machine = ThisMachine(fake(tmp_path, "exit 1"), platform="darwin")
    machine.check(Window(1, 1))
    for ask in (machine.check, machine.open):
        with pytest.raises(errors.NotMeasurable) as caught:
            ask(window)
        assert str(caught.value) == (
            "The iostat of macOS has neither extended=1 nor cpu=1; leave them out, or measure a "
            "Linux."
        )


@iostats.needs("setpriv")
def test_iostat_dies_with_its_worker(tmp_path: Path) -> None:
    path = fake(tmp_path, TELL_PID + "exec sleep 60")
    with subprocess.Popen(
        [sys.executable, "-c", iostats.WORKER, path], cwd=stage.PROJECT
    ) as worker:
        process = iostats.pid(tmp_path)
        assert not iostats.gone(process)
        worker.kill()
    iostats.eventually(lambda: iostats.gone(process))


@pytest.mark.parametrize(
    ("window", "first"), [(Window(1, 1), 0), (Window(2, 1), 0), (Window(2, 1), 1)]
)
def test_setpriv_is_used_only_for_an_iostat_that_waits(
    tmp_path: Path, window: Window, first: int
) -> None:
    fake(tmp_path, ': > "${0%/*}/tethered"; exit 1', name="setpriv")
    path = fake(tmp_path, "exit 1")
    waits = window.count > 1
    with ThisMachine(path).open(window, first=first) as feed, pytest.raises(errors.MachineFailed):
        list(feed)
    assert (tmp_path / "tethered").exists() == waits


@iostats.needs("iostat")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_an_iostat_that_somebody_ends_counts_as_killed(tmp_path: Path, end: signal.Signals) -> None:
    def ended() -> bool:
        # iostat misses a SIGINT that comes just before its pause, so we send it more than once.
        os.kill(process, end)
        return iostats.gone(process)

    with ThisMachine(iostats.real(tmp_path)).open(Window(2, 60)) as feed:
        texts = iter(feed)
        next(texts)
        process = iostats.pid(tmp_path)
        iostats.eventually(ended)
        with pytest.raises(errors.Killed):
            next(texts)


@iostats.needs("iostat")
def test_an_iostat_that_is_stopped_leaves_no_process(tmp_path: Path) -> None:
    with ThisMachine(iostats.real(tmp_path)).open(Window(3, 60)) as feed:
        texts = iter(feed)
        next(texts)
        threading.Timer(0, feed.stop).start()
        assert list(texts) == []
    assert iostats.gone(iostats.pid(tmp_path))


def test_the_machine_knows_its_name_and_what_measures_it(tmp_path: Path) -> None:
    (tmp_path / "iostat").touch(mode=0o644)
    machine = ThisMachine(str(tmp_path))
    assert (machine.name, machine.source) == (socket.gethostname(), "procfs")
    assert ThisMachine(str(tmp_path), name="a name").uptime_numbers()["host"] == "a name"
    fake(tmp_path, "")
    assert machine.source == "iostat"


def test_a_shortage_of_open_files_counts_as_killed(tmp_path: Path) -> None:
    path = fake(tmp_path, "exit 0")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(errors.Killed, match="Too many open files"):
            ThisMachine(path).open(Window(1, 1))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_iostat_that_comes_or_goes_is_noticed_at_once(tmp_path: Path) -> None:
    machine = ThisMachine(str(tmp_path))
    assert machine.source == "procfs"
    fake(tmp_path, "exit")
    assert machine.source == "iostat"
    (tmp_path / "iostat").unlink()
    assert machine.source == "procfs"
