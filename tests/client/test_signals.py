"""How a window ends early: by a signal, a terminal that is closed, or output that nobody takes."""

import os
import signal

import pytest

from tests.client.conftest import Command, at_terminal, begun
from tests.support.fake_service import Fake
from tests.support.processes import DEADLINE, until


@pytest.fixture(autouse=True)
def _live(fake: Fake) -> None:
    fake.at_once = False


def states(fake: Fake) -> list[str]:
    return [it.state for it in fake.tasks.values()]


def test_a_pipe_whose_reader_leaves_ends_it_quietly_and_over_there(
    hoststat: Command, fake: Fake
) -> None:
    process = hoststat.start("iostat", "web-1", "1", "30")
    begun(fake)
    fake.measure(1)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Linux")
    process.stdout.close()
    fake.measure(1)
    assert process.wait() == 141
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert [it.state for it in fake.tasks.values()] == ["REVOKED"]


def test_sigterm_is_as_one_ctrl_c(hoststat: Command, fake: Fake) -> None:
    process = hoststat.start("iostat", "web-1", "1", "30")
    begun(fake)
    fake.measure(1)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Linux")
    process.terminate()
    _, err = process.communicate()
    assert (process.returncode, err) == (143, "hoststat: stopping web-1 …\n")
    assert [it.state for it in fake.tasks.values()] == ["REVOKED"]


def test_a_closed_terminal_is_as_one_ctrl_c(hoststat: Command, fake: Fake) -> None:
    with at_terminal(hoststat, "iostat", "web-1", "1", "30") as terminal:
        begun(fake)
        fake.measure(1)
        terminal.until("vda")
        terminal.close()
        fake.measure(1)
        assert terminal.process.wait(DEADLINE) == 129
    assert states(fake) == ["REVOKED"]


def test_a_hang_up_that_a_shell_hands_on_is_no_second_signal(hoststat: Command, fake: Fake) -> None:
    process = hoststat.start("iostat", "web-1", "1", "30")
    # By then it knows what it has begun.
    assert until(lambda: fake.paths("GET"))
    fake.latency = 0.2
    process.send_signal(signal.SIGHUP)
    assert process.stderr is not None
    assert process.stderr.readline() == "hoststat: stopping web-1 …\n"
    process.send_signal(signal.SIGHUP)
    assert process.communicate() == ("", "")
    assert (process.returncode, states(fake)) == (129, ["REVOKED"])


def test_under_nohup_a_window_goes_on_without_its_terminal(hoststat: Command, fake: Fake) -> None:
    ignoring = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = hoststat.start("iostat", "web-1", "1", "2")
    finally:
        signal.signal(signal.SIGHUP, ignoring)
    begun(fake)
    process.send_signal(signal.SIGHUP)
    fake.measure(2)
    assert process.communicate()[1] == ""
    assert (process.returncode, states(fake)) == (0, ["SUCCESS"])


def test_a_disk_that_is_full_ends_it_over_there(hoststat: Command, fake: Fake) -> None:
    with open("/dev/full", "w") as full:
        process = hoststat.start("iostat", "web-1", "1", "30", stdout=full)
    begun(fake)
    fake.measure(1)
    _, err = process.communicate()
    assert (process.returncode, err) == (1, "hoststat: No space left on device.\n")
    assert states(fake) == ["REVOKED"]


def test_a_window_that_somebody_cancels_is_exit_code_1_also_for_a_watch(
    hoststat: Command, fake: Fake
) -> None:
    process = hoststat.start("iostat", "web-1", "1", "30")
    begun(fake)
    fake.measure(2)
    ((task_id, task),) = fake.tasks.items()
    assert hoststat("cancel", task_id).code == 0
    said = "hoststat: web-1 was cancelled.\n"
    assert process.communicate() == (task.text, said)
    assert process.returncode == 1
    assert hoststat("watch", task_id) == (1, task.text, said)


def test_a_watch_whose_reader_leaves_lets_the_window_go_on(hoststat: Command, fake: Fake) -> None:
    task_id = hoststat("iostat", "web-1", "1", "3", "--detach").out.strip()
    ours, theirs = os.pipe()
    os.close(ours)
    process = hoststat.start("watch", task_id, stdout=theirs)
    os.close(theirs)
    fake.measure(1)
    assert process.communicate()[1] == ""
    assert (process.returncode, states(fake)) == (141, ["STARTED"])
