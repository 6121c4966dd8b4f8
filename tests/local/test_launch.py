"""``make service`` and ``make worker``: started by one command, and ended completely."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local import launch as service
from local import stage
from tests.support import processes as services
from tests.support.iostats import needs


class Running:
    """A service that a test has started."""

    def __init__(self, port: int, process: "subprocess.Popen[str]") -> None:
        self.port, self.process = port, process
        self.url = f"http://127.0.0.1:{port}"
        #: The name and the password of the admin that it has made and printed.
        self.said_admin = ("", "")

    def pids(self, child: str) -> list[int]:
        """Give the processes of one child of the service."""
        own = set(services.members(self.process.pid))
        return [pid for pid in services.alive(f"local.{child} --lifeline") if pid in own]

    def create(self, count: int, wait: int = 1) -> str:
        numbers = {"count": count} | ({"wait": wait} if count > 1 else {})
        answer = requests.post(f"{self.url}/v2/iostat", json=numbers, timeout=30)
        href: str = answer.json()["links"][0]["href"]
        return href

    def state(self, href: str) -> str:
        state: str = requests.get(self.url + href, timeout=30).json()["state"]
        return state


@contextlib.contextmanager
def running(**environ: Any) -> Iterator[Running]:
    port = services.free_port()
    command = [sys.executable, "-m", "local.launch"]
    with services.process(*command, PORT=str(port), **environ) as process:
        own = Running(port, process)
        assert services.until(lambda: process.poll() is not None or services.answers(own.url))
        assert process.stdout is not None
        if "ADMIN" not in environ:
            printed = process.stdout.readline().rstrip()
            prefix = "v3 knows one user, made for this run: "
            assert printed.startswith(prefix)
            username, _, password = printed.removeprefix(prefix).partition(":")
            own.said_admin = (username, password)
        assert process.stdout.readline() == f"hoststat serves on {own.url}, Ctrl-C ends it\n"
        yield own


def end_of(process: "subprocess.Popen[str]") -> int:
    """Wait until its whole session has ended; give its exit code."""
    process.communicate(timeout=services.DEADLINE)
    assert services.until(lambda: not services.members(process.pid))
    return process.returncode


@needs("iostat")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "Ctrl-C"])
def test_the_service_ends_with_nothing_left_running(how: str) -> None:
    with running() as own:
        href = own.create(count=77)
        assert services.until(lambda: services.alive("iostat -d 1 77"))
        assert own.state(href) == "STARTED"
        if how == "Ctrl-C":
            os.killpg(own.process.pid, signal.SIGINT)
        else:
            own.process.send_signal(signal.Signals[how])
        assert end_of(own.process) == 0
        assert services.until(lambda: not services.alive("iostat -d 1 77"))


@pytest.mark.parametrize("child", ["cloud", "gateway", "worker"])
def test_a_child_that_crashes_ends_the_service(child: str) -> None:
    with running() as own:
        assert services.until(lambda: own.pids(child))
        os.kill(own.pids(child)[0], signal.SIGKILL)
        said = own.process.communicate(timeout=services.DEADLINE)[1]
        assert (
            f"hoststat: The {child} ended by itself (signal SIGKILL), and so does everything. "
            "Somebody killed it, or the system did for lack of memory: see `dmesg`. Then start the "
            "service again.\n"
        ) in said
        assert end_of(own.process) == 1


@pytest.mark.parametrize(
    ("code", "how"), [(1, "exit code 1"), (-11, "signal SIGSEGV"), (-40, "signal 40")]
)
def test_a_child_that_ends_says_how_and_what_to_do(code: int, how: str) -> None:
    assert service.how_it_ended("cloud", code) == (
        f"The cloud ended by itself ({how}), and so does everything. "
        "Its last lines in the log say why. Then start the service again."
    )


def test_the_children_end_with_a_parent_that_is_killed() -> None:
    with running() as own:
        own.process.kill()
        assert end_of(own.process) == -signal.SIGKILL


def test_a_taken_port_gives_one_clear_line() -> None:
    with running() as own:
        again = subprocess.run(
            [sys.executable, "-m", "local.launch"],
            cwd=stage.PROJECT,
            env={**os.environ, "PORT": str(own.port)},
            capture_output=True,
            text=True,
            timeout=services.DEADLINE,
            check=False,
        )
        said = (
            f"hoststat: A service starts or runs on port {own.port} already; choose another PORT.\n"
        )
        assert (again.returncode, again.stdout, again.stderr) == (1, "", said)
        assert services.answers(own.url)


def test_a_port_that_another_program_has_taken_gives_one_clear_line() -> None:
    port = services.free_port()
    with socket.create_server(("127.0.0.1", stage.cloud_port(port))):
        refused = subprocess.run(
            [sys.executable, "-m", "local.launch"],
            cwd=stage.PROJECT,
            env={**os.environ, "PORT": str(port)},
            capture_output=True,
            text=True,
            timeout=services.DEADLINE,
            check=False,
        )
    cloud = stage.cloud_port(port)
    said = f"hoststat: Port {cloud}, for the cloud, is taken; choose another PORT.\n"
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", said)


def test_of_two_that_start_at_the_same_moment_one_serves(tmp_path: Path) -> None:
    """Start them with different folders for what is temporary: they must find each other."""
    port, admin = services.free_port(), "root:secret of two"
    own = [sys.executable, "-m", "local.launch"]
    with (
        services.process(*own, PORT=str(port), ADMIN=admin) as first,
        services.process(*own, PORT=str(port), ADMIN=admin, TMPDIR=str(tmp_path)) as second,
    ):
        assert services.until(
            lambda: (
                None not in (first.poll(), second.poll())
                or services.answers(f"http://127.0.0.1:{port}")
            )
        )
        (loser,) = [it for it in (first, second) if it.poll() is not None]
        said = f"hoststat: A service starts or runs on port {port} already; choose another PORT.\n"
        assert (loser.returncode, loser.communicate()[1]) == (1, said)
        assert services.answers(f"http://127.0.0.1:{port}")


def test_a_wrong_port_gives_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "http")
    assert service.main() == 1
    said = "hoststat: PORT must be a number from 1 to 65535, not 'http'\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(("api", "cloud"), [(8000, 18_000), (55_535, 65_535), (55_536, 45_536)])
def test_every_port_has_a_port_of_its_own_for_the_cloud(api: int, cloud: int) -> None:
    assert stage.cloud_port(api) == cloud


@needs("iostat")
def test_without_a_worker_tasks_wait_for_one() -> None:
    with running(WORKER="0") as own:
        href = own.create(count=1)
        long = own.create(count=78)
        assert own.state(href) == "QUEUED"
        command = [sys.executable, "-m", "local.worker"]
        with services.process(*command, PORT=str(own.port)) as worker:
            assert services.until(lambda: own.state(href) == "SUCCESS")
            assert services.until(lambda: services.alive("iostat -d 1 78"))
            worker.send_signal(signal.SIGTERM)
            log = worker.communicate(timeout=services.DEADLINE)[1]
            assert worker.returncode == 0
            assert '"outcome": "handed over"' in log
            assert not services.alive("iostat -d 1 78")
        assert own.state(long) == "STARTED"


@needs("iostat")
def test_a_second_signal_ends_a_worker_at_once() -> None:
    with running(WORKER="0") as own:
        command = [sys.executable, "-m", "local.worker"]
        with services.process(*command, PORT=str(own.port)) as worker:
            own.create(count=79)
            assert services.until(lambda: services.alive("iostat -d 1 79"))
            os.kill(own.pids("cloud")[0], signal.SIGSTOP)
            worker.send_signal(signal.SIGTERM)
            time.sleep(1)  # else the second one counts as the first one, sent again by make
            worker.send_signal(signal.SIGINT)
            assert worker.wait(services.DEADLINE) == 1
            os.kill(own.pids("cloud")[0], signal.SIGCONT)
        assert services.until(lambda: not services.alive("iostat -d 1 79"))


def test_a_cloud_that_hangs_is_503_and_v1_goes_on() -> None:
    with running(WORKER="0") as own:
        (cloud,) = own.pids("cloud")
        os.kill(cloud, signal.SIGSTOP)
        answer = requests.get(f"{own.url}/v2/iostat", timeout=services.DEADLINE)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert requests.get(f"{own.url}/v1/uptime", timeout=services.DEADLINE).ok
        os.kill(cloud, signal.SIGCONT)
        assert requests.get(f"{own.url}/v2/iostat", timeout=services.DEADLINE).status_code == 201


def test_a_bare_chalice_local_without_its_cloud_says_how_to_start_it(tmp_path: Path) -> None:
    for name in ("chalicelib", ".chalice"):
        shutil.copytree(stage.PROJECT / name, tmp_path / name)
    shutil.copy(stage.PROJECT / "app.py", tmp_path)
    config = tmp_path / ".chalice" / "config.json"
    nowhere = f":{services.free_port()}"
    config.write_text(config.read_text().replace(":18000", nowhere))
    port = services.free_port()
    command = [str(Path(sys.executable).parent / "chalice"), "--project-dir", str(tmp_path)]
    command += ["local", "--no-autoreload", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with services.process(*command) as chalice:
        assert services.until(lambda: chalice.poll() is not None or services.answers(url))
        assert requests.get(f"{url}/v1/uptime", timeout=30).ok
        answer = requests.get(f"{url}/v2/iostat", timeout=30)
        assert answer.status_code == 503
        assert answer.json()["detail"].endswith("`make service` starts what is missing.")
