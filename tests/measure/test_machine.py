"""The host: each line of what iostat does, and what is made of one that does worse."""

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
from tests.support.iostats import REPORT, TELL_PID, TWO, fake, say

#: A window without waits: its patience is all the silence that is borne.
NOW = Window(2, 0)


def measure(path: str, window: Window = NOW) -> list[str]:
    with ThisMachine(path).open(window) as feed:
        return list(feed)


@pytest.mark.parametrize("noise", ["", "head -c 4000000 /dev/zero >&2\n"])
def test_reports_are_handed_on_however_noisy_stderr_is(tmp_path: Path, noise: str) -> None:
    assert measure(fake(tmp_path, noise + say("".join(TWO)))) == TWO


def test_bytes_that_are_not_utf_8_are_kept_escaped(tmp_path: Path) -> None:
    script = say("".join(TWO)).replace("vda", "v'\"$(printf '\\377')\"'a")
    assert measure(fake(tmp_path, script)) == [text.replace("vda", r"v\xffa") for text in TWO]


@pytest.mark.parametrize("more", ["exec sleep 60\n", f"while :; do {say(REPORT)}done\n"])
def test_what_follows_the_last_report_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    monkeypatch.setattr("chalicelib.measure.commands._EXIT_SECONDS", 0.1)
    texts = measure(fake(tmp_path, TELL_PID + say("".join(TWO)) + more))
    assert [text.rstrip() for text in texts] == [text.rstrip() for text in TWO]
    assert iostats.gone(iostats.pid(tmp_path))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (say(f"U{'x' * 600}").strip() + " >&2; exit 1", f"ended with status 1: U{'x' * 499}"),
        ("printf 'Usage: \\377\\n' >&2; exit 2", r"ended with status 2: Usage: \xff"),
        (say(TWO[0]) + "exit 3", "ended with status 3: no word"),
        ("exec cat /dev/zero", "wrote a report of more than 65536 bytes."),
        ("exec yes", "wrote a report of more than 65536 bytes."),
    ],
    ids=["refuses", "refuses in bytes", "refuses silently", "a line without end", "endless lines"],
)
def test_an_iostat_that_misbehaves_is_quoted(tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(errors.MachineFailed) as caught:
        measure(fake(tmp_path, script))
    assert str(caught.value) == f"iostat {said}"


@pytest.mark.parametrize("script", ["kill -TERM $$", "kill -KILL $$", "kill -HUP $$", "exit 0"])
def test_an_iostat_that_ends_early_was_killed(tmp_path: Path, script: str) -> None:
    with ThisMachine(fake(tmp_path, say(TWO[0]) + script)).open(NOW) as feed:
        texts = iter(feed)
        assert next(texts) == TWO[0]
        with pytest.raises(errors.Killed):
            next(texts)


@pytest.mark.parametrize(
    "script",
    [
        "exec sleep 60",
        say(TWO[0]) + "exec sleep 60",
        "while :; do printf x; sleep 0.02; done",
        "while :; do echo no report >&2; done",
        "exec >&- 2>&-; exec sleep 60",
    ],
    ids=["silent", "after a report", "drips", "only complains", "closes its output"],
)
def test_an_iostat_that_hangs_is_given_up(tmp_path: Path, script: str) -> None:
    with ThisMachine(fake(tmp_path, TELL_PID + script)).open(NOW, patience=0.2) as feed:
        process = iostats.pid(tmp_path)
        with pytest.raises(errors.MachineFailed) as caught:
            list(feed)
    assert str(caught.value) == "iostat wrote no report for 0.2 s."
    assert iostats.gone(process)


@pytest.mark.parametrize("tethered", [True, False])
def test_an_iostat_that_cannot_be_started_is_the_hosts_failure(
    tmp_path: Path, tethered: bool
) -> None:
    path = fake(tmp_path, "", by="/nowhere/sh")
    with pytest.raises(errors.MachineFailed) as caught:
        measure(path if tethered else str(tmp_path))
    assert "No such file or directory" in str(caught.value)


def test_stop_ends_an_iostat_that_ignores_signals_and_its_children(tmp_path: Path) -> None:
    script = (
        "trap '' TERM INT HUP\n" + TELL_PID + 'sleep 60 & echo $! > "${0%/*}/child"\n'
        f"{say(TWO[0])}while :; do wait; done"
    )
    with ThisMachine(fake(tmp_path, script)).open(Window(2, 60)) as feed:
        texts = iter(feed)
        assert next(texts) == TWO[0]
        threading.Timer(0, feed.stop).start()
        assert list(texts) == []
        feed.stop()
    assert iostats.gone(iostats.pid(tmp_path))
    child = iostats.pid(tmp_path, "child")
    iostats.eventually(lambda: iostats.gone(child))


def test_a_feed_that_was_stopped_has_no_more_reports(tmp_path: Path) -> None:
    with ThisMachine(fake(tmp_path, say("".join(TWO)))).open(Window(3, 0)) as feed:
        texts = iter(feed)
        assert next(texts) == TWO[0]
        feed.stop()
        assert list(texts) == []


@pytest.fixture
def _an_open_stdin() -> Iterator[None]:
    """Standard input is a file, not the /dev/null that pytest makes of it."""
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
    with pytest.raises(errors.Killed):
        measure(path, Window(3, 1))
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
def test_iostat_is_asked_for_the_rest(
    tmp_path: Path, platform: str, first: int, arguments: str
) -> None:
    path = fake(tmp_path, 'echo "$@" >&2; exit 1')
    with (
        ThisMachine(path, platform=platform).open(Window(3, 5), first=first) as feed,
        pytest.raises(errors.MachineFailed) as caught,
    ):
        list(feed)
    assert str(caught.value) == f"iostat ended with status 1: {arguments}"


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
def test_only_an_iostat_that_waits_needs_a_tether(
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
def test_an_iostat_that_somebody_ends_was_killed(tmp_path: Path, end: signal.Signals) -> None:
    def ended() -> bool:
        # One SIGINT alone is slept over if it comes just before iostat pauses.
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
def test_an_iostat_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    with ThisMachine(iostats.real(tmp_path)).open(Window(3, 60)) as feed:
        texts = iter(feed)
        next(texts)
        threading.Timer(0, feed.stop).start()
        assert list(texts) == []
    assert iostats.gone(iostats.pid(tmp_path))


def test_uptime_is_what_the_command_prints_stripped(tmp_path: Path) -> None:
    path = fake(tmp_path, "printf ' 12:00:09 up \\377 \\n'", name="uptime")
    assert ThisMachine(path).uptime() == r"12:00:09 up \xff"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 1", "it ended with status 1."),
        ("exec sleep 600", "it took more than 0.2 s."),
        ("sleep 600; echo late", "it took more than 0.2 s."),
        ("sleep 600 & echo early", "it took more than 0.2 s."),
        ("exec >&-; exec sleep 600", "it took more than 0.2 s."),
    ],
    ids=["fails", "hangs", "hangs in a child", "leaves a child", "closes its output"],
)
def test_an_uptime_that_fails_is_the_hosts_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    monkeypatch.setattr("chalicelib.measure.commands._COMMAND_SECONDS", 0.2)
    with pytest.raises(errors.MachineFailed) as caught:
        ThisMachine(fake(tmp_path, script, name="uptime")).uptime()
    assert str(caught.value) == f"uptime cannot be had: {why}"


def test_the_host_knows_its_name_and_what_measures_it(tmp_path: Path) -> None:
    (tmp_path / "iostat").touch(mode=0o644)
    host = ThisMachine(str(tmp_path))
    assert (host.name, host.source) == (socket.gethostname(), "procfs")
    fake(tmp_path, "")
    assert host.source == "iostat"


def test_a_shortage_of_the_machine_is_no_failure_of_the_task(tmp_path: Path) -> None:
    path = fake(tmp_path, "exit 0")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(errors.Killed, match="Too many open files"):
            ThisMachine(path).open(Window(1, 1))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
