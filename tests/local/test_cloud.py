"""The process of the local cloud: how it begins, how it ends, and what is there after a crash."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local import cloud, stage
from tests.support.processes import DEADLINE, free_port, process, until

COMMAND = (sys.executable, "-m", "local.cloud")
TABLE = "hoststat-dev-tasks"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", stage.cloud_port(port))) == 0


def takes(port: int) -> bool:
    """Whether a process has the cloud's port, listening or not."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", stage.cloud_port(port)))
        except OSError:
            return True
    return False


@contextlib.contextmanager
def running(port: int, **environ: Any) -> Iterator["subprocess.Popen[str]"]:
    with process(*COMMAND, PORT=str(port), **environ) as begun:
        assert until(lambda: listens(port) or begun.poll() is not None)
        assert begun.poll() is None
        yield begun


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A port whose cloud is the one that the environment names."""
    found = free_port()
    environ = {"PORT": str(found)}
    stage.enter(environ)
    for key in [key for key in os.environ if key.startswith("AWS_")]:
        monkeypatch.delenv(key)
    for key, value in environ.items():
        monkeypatch.setenv(key, value)
    return found


def end_of(begun: "subprocess.Popen[str]") -> tuple[int, str]:
    """The exit code of a process, and what it said."""
    said = begun.communicate(timeout=DEADLINE)[1]
    return begun.returncode, said


def put(number: int) -> None:
    boto3.client("dynamodb").put_item(TableName=TABLE, Item={"task_id": {"S": str(number)}})


def ids() -> list[str]:
    found: list[dict[str, Any]] = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    return sorted(item["task_id"]["S"] for item in found)


def test_programs_with_botocore_use_it_and_web_pages_do_not(port: int) -> None:
    with running(port):
        cloud.make_resources()
        put(1)
        assert ids() == ["1"]
        connection = http.client.HTTPConnection("127.0.0.1", stage.cloud_port(port))
        connection.request("GET", "/moto-api/data.json")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("server")) == (404, None)
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_without_a_word(port: int, number: signal.Signals) -> None:
    with running(port) as begun:
        begun.send_signal(number)
        assert end_of(begun) == (0, "")


def test_a_signal_ends_it_while_it_still_imports(port: int) -> None:
    with process(*COMMAND, PORT=str(port)) as begun:
        assert until(lambda: takes(port))
        begun.send_signal(signal.SIGTERM)
        assert end_of(begun) == (0, "")


def test_it_ends_with_its_parent(port: int) -> None:
    with process(*COMMAND, "--lifeline", PORT=str(port)) as begun:
        # Its standard input is at its end from the beginning.
        assert end_of(begun) == (0, "")


def test_a_taken_port_is_one_clear_line(port: int) -> None:
    taken = stage.cloud_port(port)
    with running(port), process(*COMMAND, PORT=str(port)) as second:
        said = f"hoststat: Port {taken}, for the cloud, is taken; choose another PORT.\n"
        assert end_of(second) == (1, said)


def test_of_two_that_begin_at_once_one_wins(port: int) -> None:
    begin = process(*COMMAND, PORT=str(port))
    with begin as first, process(*COMMAND, PORT=str(port)) as second:
        both = (first, second)
        assert until(lambda: any(it.poll() is not None for it in both))
        (loser,) = (it for it in both if it.poll() is not None)
        code, said = end_of(loser)
        assert (code, said.count("\n")) == (1, 1)
        assert until(lambda: listens(port))


def test_too_few_descriptors_are_one_clear_line(port: int) -> None:
    shell = ("sh", "-c", f"ulimit -n 6; exec {sys.executable} -m local.cloud")
    with process(*shell, PORT=str(port)) as begun:
        code, said = end_of(begun)
    assert (code, said) == (1, "hoststat: 6 open files are too few; ulimit -n sets their number.\n")


def test_all_that_was_answered_is_there_after_a_kill(port: int, tmp_path: Path) -> None:
    for round_ in range(2):
        with running(port, DATA=str(tmp_path)) as begun:
            cloud.make_resources()
            assert ids() == ["0"] * round_
            put(round_)
            begun.kill()
            begun.wait(DEADLINE)
    with running(port, DATA=str(tmp_path)):
        cloud.make_resources()
        assert ids() == ["0", "1"]


def test_a_folder_in_use_is_one_clear_line(port: int, tmp_path: Path) -> None:
    with running(port, DATA=str(tmp_path)):
        other = process(*COMMAND, PORT=str(free_port()), DATA=str(tmp_path))
        with other as second:
            code, said = end_of(second)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("hoststat: ")
