"""``make tasks``: the open tasks of a stage, and how an operator cancels one."""

import os
import subprocess
import sys
from typing import Any

import pytest
import requests

from chalicelib.bootstrap import parts
from chalicelib.measure.model import Window
from chalicelib.tasks.model import State
from local import stage, tasks
from tests.local.test_launch import running
from tests.support import processes as services
from tests.support.asking import ZERO
from tests.support.fakes import FakeClock, FakeDispatcher
from tests.support.memory_store import MemoryStore
from tests.support.records import NOW, a_claim, a_task

ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    parts.reset(task_store=made, dispatcher=FakeDispatcher(), clock=FakeClock(NOW))
    return made


def make_two(store: MemoryStore) -> None:
    """Store a task of v3 that waits, and an older one of v2 that a worker measures."""
    store.create(a_task(task_id=ONE, version="v3", owner="jluser", created_at=NOW - 59, due_at=NOW))
    store.create(a_task(task_id=TWO, window=Window(3600, 10), created_at=NOW - 7300))
    store.claim(a_claim(store.tasks[TWO]))
    store.tasks[TWO] = store.tasks[TWO]._replace(done=12)


def test_open_tasks_are_a_table(store: MemoryStore) -> None:
    make_two(store)
    assert tasks.answer({}).splitlines() == [
        f"{'TASK':36}  VERSION  STATE    AGE   HOST   OWNER   WINDOW       DONE",
        f"{TWO}  v2       STARTED  2 h   web-1  -       3600 x 10 s  12",
        f"{ONE}  v3       QUEUED   59 s  -      jluser  3 x 1 s      0",
        "2 open tasks; stage dev",
    ]


def test_of_many_the_oldest_are_shown(store: MemoryStore) -> None:
    make_two(store)
    *_, shown, end = tasks.answer({"LIMIT": "1"}).splitlines()
    assert shown.startswith(TWO)
    assert end == "1 open task, and there are more: raise LIMIT to see them; stage dev"


@pytest.mark.usefixtures("store")
def test_if_none_is_open_it_says_so() -> None:
    assert tasks.answer({}) == "No task is open; stage dev"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (86_399, "23 h"),
        (86_400 * 30, "30 d"),
    ],
)
def test_an_age_has_the_longest_unit_that_it_fills(seconds: float, shown: str) -> None:
    task = a_task(created_at=NOW)
    assert f"  {shown}  " in tasks.table([task], NOW + seconds).splitlines()[1]


@pytest.mark.parametrize("task_id", [ONE, TWO])
def test_a_task_of_v2_or_v3_is_cancelled(store: MemoryStore, task_id: str) -> None:
    make_two(store)
    assert tasks.answer({"CANCEL": task_id}) == f"{task_id} is REVOKED; stage dev"
    assert store.tasks[task_id].state is State.REVOKED


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1.5", "\u0663"])
@pytest.mark.usefixtures("store")
def test_a_limit_that_is_not_allowed_is_said(limit: str) -> None:
    with pytest.raises(ValueError, match="LIMIT must be a whole number of at least 1, not "):
        tasks.answer({"LIMIT": limit})


def command(**environ: str) -> "subprocess.CompletedProcess[str]":
    """Run the command with this environment, as make does."""
    return subprocess.run(
        [sys.executable, "-m", "local.tasks"],
        cwd=stage.PROJECT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=services.DEADLINE,
        check=False,
    )


def test_on_a_laptop_tasks_are_listed_and_cancelled() -> None:
    password = "secret of root"
    with running(WORKER="0", ADMIN=f"root:{password}") as own:
        port = str(own.port)
        assert command(PORT=port).stdout == "No task is open; stage dev\n"
        ids = {
            version: _created(f"{own.url}/{version}/iostat/?count=7", login)
            for version, login in (("v2", None), ("v3", ("root", password)))
        }
        listed = command(PORT=port)
        assert (listed.returncode, listed.stderr) == (0, "")
        rows = [line.split() for line in listed.stdout.splitlines()[1:-1]]
        assert [row[:3] for row in rows] == [[ids[it], it, "QUEUED"] for it in ids]

        cancelled = command(PORT=port, CANCEL=ids["v2"])
        said = f"{ids['v2']} is REVOKED; stage dev\n"
        assert (cancelled.returncode, cancelled.stdout, cancelled.stderr) == (0, said, "")
        task = requests.get(f"{own.url}/v2/task/{ids['v2']}", timeout=services.DEADLINE).json()
        assert task["state"] == "REVOKED"
        assert command(PORT=port).stdout.endswith("1 open task; stage dev\n")

        refused = command(PORT=port, CANCEL=ZERO)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith(f"hoststat: There is no task '{ZERO}': it was never ")


def _created(url: str, login: tuple[str, str] | None) -> Any:
    return requests.post(url, auth=login, timeout=services.DEADLINE).json()["task_id"]


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"STAGE": "prod"}, "You must specify a region."),
        ({"STAGE": "x"}, "STAGE must be one of .chalice/config.json (dev, prod), not 'x'"),
        ({"PORT": "http"}, "PORT must be a number from 1 to 65535, not 'http'"),
        ({"LIMIT": "all"}, "LIMIT must be a whole number of at least 1, not 'all'"),
    ],
)
def test_what_cannot_be_done_gives_one_clear_line(environ: dict[str, str], said: str) -> None:
    refused = command(**environ)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"hoststat: {said}\n"


def test_without_a_cloud_the_command_gives_one_clear_line() -> None:
    refused = command(PORT=str(services.free_port()))
    said = (
        "hoststat: A service that this one needs does not answer; try again. "
        "On a laptop, `make service` starts what is missing.\n"
    )
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", said)
