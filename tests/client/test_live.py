"""The command against a real service, whose iostat is a script that is faster than its INTERVAL."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import stage
from tests.client.conftest import Command
from tests.support import cutting, durable, iostats, processes
from tests.support.durable import ADMIN, Service
from tests.support.processes import until

#: Writes reports as sysstat does, each with a number of its own, five of them a second.
IOSTAT = """\
shift
if [ "$1" = -y ]; then first=1; shift; else first=0; fi
printf 'Linux 6.1.0 (web-1) \\t2026-01-02 \\t_x86_64_\\t(4 CPU)\\n\\n'
index=0
while [ $index -lt "$2" ]; do
    [ $((index + first)) -gt 0 ] && sleep 0.2
    printf 'Device             tps\\nvda  %12d.00\\n\\n\\n' $index
    index=$((index + 1))
done
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the service that all these tests ask."""
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def iostat(folder: Path) -> str:
    """The PATH on which that iostat is."""
    return iostats.fake(folder, IOSTAT)


@pytest.fixture(scope="module")
def service(folder: Path, iostat: str) -> Iterator[Service]:
    """A durable service that measures with that iostat, and writes a profile."""
    environ = {"PATH": iostat, "PROFILE": str(folder / ".hoststat"), "HOST": "web-1"}
    with durable.durable(folder / "data", **environ) as own:
        # Until then the command may say that no worker is there.
        assert until(lambda: own.ask("GET", "/v3/hosts/?state=online", auth=ADMIN).json()["hosts"])
        yield own


@pytest.fixture
def hoststat(tmp_path: Path, service: Service) -> Command:
    """The command, logged in to the service."""
    command = Command(tmp_path)
    command.log_in(service.url, ADMIN)
    return command


def written(path: Path) -> int:
    """Give how many reports are in a file."""
    return path.read_text().count("vda")


def task_of(service: Service) -> dict[str, Any]:
    """Give the newest task of the service, whole."""
    listed = service.ask("GET", "/v3/task/", auth=ADMIN).json()["tasks"][0]
    return whole(service, listed["task_id"])


def whole(service: Service, task_id: str) -> dict[str, Any]:
    """Give a task of the service, whole."""
    path = f"/v3/task/{task_id}?detail=1"
    found: dict[str, Any] = service.ask("GET", path, auth=ADMIN).json()
    return found


def ended(service: Service) -> bool:
    return str(task_of(service)["state"]) == "SUCCESS"


def test_a_window_in_a_file_is_what_iostat_writes_to_the_byte(
    hoststat: Command, iostat: str, tmp_path: Path
) -> None:
    command = [f"{iostat.partition(':')[0]}/iostat", "-d", "1", "30"]
    direct = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with (tmp_path / "out").open("w") as out:
        process = hoststat.start("iostat", "1", "30", stdout=out)
        assert until(lambda: written(tmp_path / "out"))
        assert process.poll() is None, "the first report came only in the end"
        assert process.communicate()[1] == ""
    assert (tmp_path / "out").read_text() == direct.communicate()[0]


def test_a_service_that_is_killed_and_starts_again_loses_and_doubles_no_report(
    hoststat: Command, service: Service, tmp_path: Path
) -> None:
    """Also if, besides, every third connection is cut."""
    words = ("iostat", "web-1", "1", "30", "--start-within", "600")
    files = [tmp_path / "direct", tmp_path / "cut"]
    (tmp_path / "other").mkdir()
    other = Command(tmp_path / "other")
    with cutting.proxy(service.url) as proxy:
        other.log_in(proxy, ADMIN)
        commands = []
        for file, command in zip(files, (hoststat, other), strict=True):
            with file.open("w") as out:
                commands.append(command.start(*words, stdout=out))
        assert until(lambda: all(written(it) >= 3 for it in files))
        service.kill()
        service.start()
        assert [it.communicate()[1] for it in commands] == ["", ""]
    assert [it.returncode for it in commands] == [0, 0]
    listed = service.ask("GET", "/v3/task/?limit=2", auth=ADMIN).json()["tasks"]
    measured = [whole(service, it["task_id"])["result"]["iostat"] for it in listed]
    assert sorted(measured) == sorted(it.read_text() for it in files)
    assert [written(it) for it in files] == [30, 30]


def test_a_laptop_that_slept_goes_on_where_it_was(
    hoststat: Command, service: Service, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with out.open("w") as file:
        process = hoststat.start("iostat", "1", "20", stdout=file)
        assert until(lambda: written(out) >= 3)
        process.send_signal(signal.SIGSTOP)
        assert until(lambda: ended(service))
        process.send_signal(signal.SIGCONT)
        assert process.communicate()[1] == ""
    assert task_of(service)["result"] == {"iostat": out.read_text()}


def test_ctrl_c_ends_the_iostat_over_there(
    hoststat: Command, service: Service, iostat: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with out.open("w") as file:
        process = hoststat.start("iostat", "1", "300", stdout=file)
        assert until(lambda: written(out) >= 2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    said = "hoststat: stopping the window … (again to leave it running)\n"
    assert (process.returncode, err) == (130, said)
    assert until(lambda: not processes.alive(f"{iostat.partition(':')[0]}/iostat"), seconds=5)
    task = task_of(service)
    assert (task["state"], task["result"]) == ("REVOKED", {"iostat": out.read_text()})


def test_the_profile_of_a_checkout_is_found_from_a_folder_in_it(
    hoststat: Command, folder: Path
) -> None:
    hoststat.file.unlink()
    below = folder / "docs" / "more"
    below.mkdir(parents=True)
    hoststat.folder = below
    assert "load average:" in hoststat("uptime").out
    assert hoststat("users").out == "NAME  FULLNAME  ADMIN\nroot  root      yes\n"


def test_without_a_login_a_window_is_one_of_v2(hoststat: Command, service: Service) -> None:
    hoststat.file.unlink()
    said = hoststat("iostat", "1", "3", HOSTSTAT_URL=service.url)
    assert (said.code, said.out.count("vda"), said.err) == (0, 3, "")
    refused = f"hoststat: This needs a login: `hoststat login {service.url}`\n"
    assert hoststat("iostat", "web-1", HOSTSTAT_URL=service.url) == (4, "", refused)


def test_the_longest_window_that_a_service_takes_is_asked_for_without_a_count(
    hoststat: Command, service: Service
) -> None:
    process = hoststat.start("iostat", "86400")
    assert until(lambda: task_of(service)["request"] == {"count": 31, "wait": 86_400})
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 0


def session() -> list[tuple[str, str]]:
    """Give the commands of docs/client.md, each with what it says."""
    text = (stage.PROJECT / "docs" / "client.md").read_text()
    (console,) = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    found = re.split(r"^\$ (.*)\n", re.sub(r"^# .*\n", "", console, flags=re.MULTILINE), flags=re.M)
    return list(zip(found[1::2], found[2::2], strict=True))


def test_the_session_in_the_docs_says_what_it_says(
    hoststat: Command, service: Service, tmp_path: Path
) -> None:
    hoststat.file.unlink()
    (hoststat.folder / "password.txt").write_text(f"{ADMIN[1]}\n")
    (tmp_path / "bin").mkdir()
    run = f'exec {sys.executable} -m hoststat "$@"\n'
    environ = hoststat.environ | {"PATH": iostats.fake(tmp_path / "bin", run, name="hoststat")}
    for command, said in session():
        done = subprocess.run(
            ["bash", "-c", command.replace("http://127.0.0.1:8000", service.url)],
            cwd=hoststat.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=processes.DEADLINE,
            check=False,
        )
        wanted = re.escape(narrow(said.replace("http://127.0.0.1:8000", service.url)))
        # `…` stands for anything.
        assert re.fullmatch(wanted.replace("…", "(?s:.*)"), narrow(done.stdout)), (command, done)


def narrow(text: str) -> str:
    """Make one space of several: how wide a column is depends on what is in it."""
    return re.sub(r"[ \t]+", " ", text).strip()
