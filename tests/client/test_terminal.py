"""The command at a real terminal: live lines, one line of progress, and Ctrl-C."""

import os
import re
import sys

import pytest

from tests.client.conftest import Command, at_terminal, begun
from tests.support.fake_service import Fake
from tests.support.fake_task import text
from tests.support.terminals import CTRL_C, Terminal

ERASED = "\r\x1b[K"
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@pytest.fixture(autouse=True)
def _live(fake: Fake) -> None:
    fake.at_once = False


def shown(terminal: Terminal) -> str:
    """Give what stays on the terminal: without the lines that were erased."""
    return "\n".join(
        _ESCAPES.sub("", line.rpartition(ERASED)[2]).rpartition("\r")[2]
        for line in terminal.said.split("\n")
    )


def test_lines_come_before_the_window_ends_and_no_progress_stays(
    hoststat: Command, fake: Fake
) -> None:
    with at_terminal(hoststat, "iostat", "web-1", "1", "3") as terminal:
        terminal.until("web-1: queued")
        fake.measure(1)
        terminal.until("vda")
        terminal.until("1/3 · 2 s left")
        fake.measure(2)
        assert terminal.end() == 0
    assert shown(terminal) == text(0, 3) + text(1, 3) + text(2, 3)


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"NO_COLOR": "1"}, {}])
def test_colours_and_progress_are_for_terminals_that_have_them(
    hoststat: Command, fake: Fake, environ: dict[str, str]
) -> None:
    with at_terminal(hoststat, "iostat", "web-1", "1", "2", **environ) as terminal:
        begun(fake)
        fake.measure(2)
        assert terminal.end() == 0
    assert ("\x1b[K" in terminal.said) is (environ.get("TERM") != "dumb")
    assert ("\x1b[2m" in terminal.said) is (not environ)


def test_quiet_shows_the_result_alone(hoststat: Command, fake: Fake) -> None:
    with at_terminal(hoststat, "iostat", "web-1", "1", "2", "--quiet") as terminal:
        begun(fake)
        fake.measure(2)
        assert terminal.end() == 0
    assert terminal.said == text(0, 2) + text(1, 2)


def test_progress_fits_into_a_window_that_becomes_narrow(hoststat: Command, fake: Fake) -> None:
    with at_terminal(hoststat, "iostat", "web-1", "1", "300") as terminal:
        terminal.resize(10)
        terminal.until(f"{ERASED}\x1b[2mweb-1: qu\x1b[0m")
        fake.measure(300)
        assert terminal.end() == 0


def test_ctrl_c_stops_it_over_there_and_prints_what_was_on_its_way(
    hoststat: Command, fake: Fake
) -> None:
    with at_terminal(hoststat, "iostat", "web-1", "1", "30") as terminal:
        begun(fake)
        fake.measure(12)
        terminal.until("vda", 12)
        terminal.type(CTRL_C)
        terminal.until("stopping web-1 … (again to leave it running)")
        fake.measure(1)
        assert terminal.end() == 130
    ((task_id, task),) = fake.tasks.items()
    assert (task.state, len(task.reports)) == ("REVOKED", 13)
    assert shown(terminal).count("vda") == 13
    told = f"hoststat: stopped: 13 reports kept. `hoststat show {task_id}` shows what was measured."
    assert shown(terminal).endswith(f"\n{told}\n")


def test_ctrl_c_without_a_count_is_the_usual_end(hoststat: Command, fake: Fake) -> None:
    with at_terminal(hoststat, "iostat", "web-1", "1") as terminal:
        begun(fake)
        fake.measure(1)
        terminal.until("1 report · Ctrl-C ends it")
        fake.measure(1)
        terminal.until("2 reports · Ctrl-C ends it")
        terminal.type(CTRL_C)
        assert terminal.end() == 0
    assert [it.state for it in fake.tasks.values()] == ["REVOKED"]


@pytest.mark.parametrize("quiet", [False, True])
def test_a_window_of_nobodys_host_and_without_end_says_so(
    hoststat: Command, fake: Fake, quiet: bool
) -> None:
    with at_terminal(hoststat, "iostat", "1", *(["--quiet"] if quiet else [])) as terminal:
        begun(fake)
        fake.measure(1)
        terminal.until("vda")
        terminal.type(CTRL_C)
        assert terminal.end() == 0
    said = "hoststat: without HOST this is the service's own machine, until Ctrl-C.\n"
    assert terminal.said.count(said) == (0 if quiet else 1)


def test_a_second_ctrl_c_leaves_at_once_and_the_window_lives(hoststat: Command, fake: Fake) -> None:
    with at_terminal(hoststat, "iostat", "web-1", "1", "3") as terminal:
        begun(fake)
        fake.measure(1)
        terminal.until("vda")
        terminal.type(CTRL_C)
        terminal.until("stopping web-1")
        terminal.type(CTRL_C)
        assert terminal.end() == 130
    ((task_id, task),) = fake.tasks.items()
    assert f"`hoststat watch {task_id}` picks it up" in terminal.said
    fake.measure(2)
    assert task.state == "SUCCESS"
    assert hoststat("watch", task_id).out == task.text


def test_ctrl_c_in_a_watch_leaves_the_window_alone(hoststat: Command, fake: Fake) -> None:
    task_id = hoststat("iostat", "web-1", "1", "3", "--detach").out.strip()
    fake.measure(1)
    with at_terminal(hoststat, "watch", task_id) as terminal:
        terminal.until("vda")
        terminal.type(CTRL_C)
        assert terminal.end() == 130
    assert "`hoststat cancel" in terminal.said
    assert fake.paths("DELETE") == []


def test_a_password_is_typed_unseen_and_tried(stranger: Command, url: str) -> None:
    with at_terminal(stranger, "login", url) as terminal:
        terminal.until("Name: ")
        terminal.type(b"root\n")
        terminal.until("Password of root: ")
        terminal.type(b"secret of root\n")
        assert terminal.end() == 0
    assert "secret" not in terminal.said
    assert stranger("hosts").code == 0


def test_without_a_terminal_there_is_no_progress(hoststat: Command, fake: Fake) -> None:
    process = hoststat.start("iostat", "web-1", "1", "2")
    begun(fake)
    fake.measure(2)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (0, text(0, 2) + text(1, 2), "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has pipes of packets")
def test_what_is_written_is_one_write_for_each_report(hoststat: Command, fake: Fake) -> None:
    """A reader of packets sees where each write ended."""
    ours, theirs = os.pipe2(os.O_DIRECT)
    process = hoststat.start("iostat", "web-1", "1", "3", stdout=theirs)
    os.close(theirs)
    begun(fake)
    fake.measure(3)
    assert process.wait() == 0
    packets = [os.read(ours, 65_536).decode() for _ in range(4)]
    os.close(ours)
    assert packets == [text(0, 3), text(1, 3), text(2, 3), ""]
    process.communicate()
