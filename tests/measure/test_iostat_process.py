"""The process of iostat: good ones, and bad ones."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from chalicelib import errors
from chalicelib.measure.machine import ThisMachine
from chalicelib.measure.model import Window
from local import stage
from tests.support import iostats
from tests.support.iostats import PATIENT_WORKER, REPORT, TELL_PID, TWO, fake, say

#: A window that never waits, so that only its patience limits the silence of iostat.
NOW = Window(2, 0)


def measure(path: str, window: Window = NOW) -> list[str]:
    with ThisMachine(path).open(window) as feed:
        return list(feed)


@pytest.mark.parametrize("noise", ["", "head -c 4000000 /dev/zero >&2\n"])
def test_reports_are_given_however_much_comes_on_stderr(tmp_path: Path, noise: str) -> None:
    assert measure(fake(tmp_path, noise + say("".join(TWO)))) == TWO


def test_bytes_that_are_not_utf_8_are_kept_escaped(tmp_path: Path) -> None:
    script = say("".join(TWO)).replace("vda", "v'\"$(printf '\\377')\"'a")
    assert measure(fake(tmp_path, script)) == [text.replace("vda", r"v\xffa") for text in TWO]


@pytest.mark.parametrize("more", ["exec sleep 60\n", f"while :; do {say(REPORT)}done\n"])
def test_output_after_the_last_report_is_ignored(
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
        (say(TWO[0]) + "exit 3", "ended with status 3: it said nothing"),
        ("exec cat /dev/zero", "wrote a report of more than 131072 bytes."),
        ("exec yes", "wrote a report of more than 131072 bytes."),
    ],
    ids=["refuses", "refuses in bytes", "refuses silently", "a line without end", "endless lines"],
)
def test_an_iostat_that_fails_is_quoted(tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(errors.MachineFailed) as caught:
        measure(fake(tmp_path, script))
    assert str(caught.value) == f"iostat {said}"


@pytest.mark.parametrize("script", ["kill -TERM $$", "kill -KILL $$", "kill -HUP $$", "exit 0"])
def test_an_iostat_that_ends_early_counts_as_killed(tmp_path: Path, script: str) -> None:
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
        with pytest.raises(errors.Silent) as caught:
            list(feed)
    assert str(caught.value) == "iostat wrote no report for 0.2 s."
    assert iostats.gone(process)


def test_an_iostat_that_was_frozen_together_with_its_worker_goes_on(tmp_path: Path) -> None:
    """Freeze a worker and its iostat for longer than iostat may be silent, as docker pause does."""
    path = fake(tmp_path, TELL_PID + say(TWO[0]) + "sleep 0.5\n" + say(TWO[1]))
    patience = 6
    argv = [sys.executable, "-c", PATIENT_WORKER, path, str(patience)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=stage.PROJECT) as worker:
        assert worker.stdout
        assert worker.stdout.readline() == "report\n"
        frozen = [worker.pid, iostats.pid(tmp_path)]
        for process in frozen:
            os.kill(process, signal.SIGSTOP)
        thaw_at = time.monotonic() + patience
        iostats.eventually(lambda: time.monotonic() > thaw_at)
        for process in frozen:
            os.kill(process, signal.SIGCONT)
        assert worker.stdout.read() == "report\nend\n"


@pytest.mark.parametrize("tethered", [True, False])
def test_an_iostat_that_cannot_be_started_is_a_failure_of_the_machine(
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
