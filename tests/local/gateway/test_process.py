"""The gateway as a process: how it begins, what it says, how it ends."""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local import stage, supervision
from tests.support import processes
from tests.support.processes import until

_COMMAND = (sys.executable, "-m", "local.gateway")


@pytest.fixture
def port() -> int:
    return processes.free_port()


@contextlib.contextmanager
def running(port: int, **environ: Any) -> Iterator["subprocess.Popen[str]"]:
    with processes.process(*_COMMAND, PORT=str(port), **environ) as process:
        assert until(lambda: process.poll() is not None or processes.answers(_url(port)))
        yield process


def test_a_taken_port_is_one_line_and_the_exit_code_1(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        ended = _run(port)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert (
        ended.stderr == f"hoststat: Port {port}, for the gateway, is taken; choose another PORT.\n"
    )


def test_a_port_that_is_none_is_one_line_and_the_exit_code_1() -> None:
    ended = _run("http")
    said = "hoststat: The gateway cannot begin: PORT must be a number from 1 to 65535, not 'http'\n"
    assert (ended.returncode, ended.stderr) == (1, said)


def test_too_few_descriptors_are_one_line_and_the_exit_code_1(port: int) -> None:
    ended = _run(port, ["bash", "-c", 'ulimit -n 20; exec "$@"', "bash", *_COMMAND])
    said = "20 open files are too few; ulimit -n sets their number."
    assert ended.returncode == 1
    assert ended.stderr == f"hoststat: The gateway cannot begin: {said}\n"


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits others")
def test_where_descriptors_run_out_it_closes_connections_and_goes_on_later(port: int) -> None:
    with running(port) as process:
        limits = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        used = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (used, limits[1]))
        with contextlib.ExitStack() as all_open:
            # Each one that still finds a descriptor keeps it.
            assert until(lambda: _is_turned_away(port, all_open))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, limits)
        assert until(lambda: processes.answers(_url(port)))
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=processes.DEADLINE)[1]
    assert process.returncode == 0
    assert "Traceback" not in said


def _is_turned_away(port: int, all_open: contextlib.ExitStack) -> bool:
    """Connect, and tell whether the connection was closed without an answer."""
    raw = all_open.enter_context(socket.create_connection(("127.0.0.1", port)))
    raw.settimeout(processes.DEADLINE)
    try:
        raw.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return raw.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("after", ["at once", "while it serves"])
def test_sigterm_ends_it(port: int, after: str) -> None:
    with processes.process(*_COMMAND, PORT=str(port)) as process:
        if after != "at once":
            assert until(lambda: processes.answers(_url(port)))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=processes.DEADLINE)
        assert process.returncode == (0 if after == "while it serves" else -signal.SIGTERM)


def test_it_ends_with_its_parent_while_it_begins(port: int) -> None:
    process = subprocess.Popen(
        [*_COMMAND, supervision.LIFELINE],
        cwd=stage.PROJECT,
        env={**os.environ, "PORT": str(port)},
        stdin=subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.close()
    assert process.wait(processes.DEADLINE) in (0, -signal.SIGTERM)


def test_all_that_it_says_is_lines_of_json(port: int) -> None:
    with running(port) as process:
        for sent in (
            b"NONSENSE\r\n\r\n",
            b"GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
                raw.sendall(sent)
                assert raw.recv(65_536)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=processes.DEADLINE)[1]
    events = [json.loads(line) for line in said.splitlines()]
    assert {(it["event"], it["source"]) for it in events} == {("answered", "127.0.0.1")}


def test_a_log_that_nobody_reads_stops_no_answer(port: int) -> None:
    with running(port) as process, requests.Session() as session:
        # 300 bytes a line: four times what a pipe holds.
        for _ in range(1000):
            assert session.get(_url(port), timeout=60).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(processes.DEADLINE) == 0


def _run(
    port: int | str, command: tuple[str, ...] | list[str] = _COMMAND
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=stage.PROJECT,
        env={**os.environ, "PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=processes.DEADLINE,
        check=False,
    )


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/"
