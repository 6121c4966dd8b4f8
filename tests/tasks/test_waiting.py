"""Why nobody begins a task: said where it is known."""

from typing import Any

import pytest

from chalicelib.tasks.model import Look
from tests.support.asking import ask, ask_task
from tests.support.rig import Rig

SAID = "No worker has been seen for 2 minutes; tasks wait."


@pytest.fixture
def rig() -> Rig:
    return Rig()


def why(rig: Rig, task_id: str, *, detail: bool = True) -> str | None:
    return rig.service.look("v2", task_id, Look(detail=detail)).waiting


def test_a_task_waits_because_nobody_works(rig: Rig) -> None:
    task_id = rig.create()
    assert why(rig, task_id) is None
    rig.clock.freeze(10)
    assert why(rig, task_id) == SAID
    assert why(rig, task_id, detail=False) is None


def test_nothing_is_said_where_somebody_works(rig: Rig) -> None:
    task_id = rig.create()
    rig.clock.freeze(10)
    now = rig.clock.now()
    rig.hosts.attend("a worker", now, kept_until=now + 60)
    assert why(rig, task_id) is None


def test_a_task_that_was_begun_does_not_wait(rig: Rig) -> None:
    task_id = rig.create()
    rig.clock.freeze(10)
    rig.claim(task_id)
    assert why(rig, task_id) is None


@pytest.mark.usefixtures("cloud")
def test_a_caller_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.tasks.waiting._PATIENCE", 0)
    task_id = ask("POST", "/v2/iostat").body["task_id"]
    shown: dict[str, Any] = ask_task("GET", task_id, detail="1").body
    assert (shown["state"], shown["waiting"]) == ("QUEUED", SAID)
    assert "waiting" not in ask_task("GET", task_id).body
