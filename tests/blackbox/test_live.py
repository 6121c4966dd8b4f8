"""Windows while they are measured: watched, followed, and cancelled; also numbers and health."""

import time
from typing import Any

import pytest

from tests.blackbox.conftest import Ask
from tests.blackbox.test_v2 import create
from tests.support import processes as services


def look(ask: Ask, task_id: str, **query: int) -> dict[str, Any]:
    body: dict[str, Any] = ask("GET", f"/v2/task/{task_id}", params=query).json()
    return body


def test_reports_can_be_read_while_the_window_runs(ask: Ask) -> None:
    task_id = create(ask, 30)
    assert services.until(lambda: len(look(ask, task_id, detail=1)["reports"]) >= 3)
    body = look(ask, task_id, detail=1)
    assert (body["state"], body["progress"]["of"]) == ("STARTED", 30)
    assert body["reports"][0]["since_boot"] is True
    assert all(report["devices"] for report in body["reports"])
    ask("DELETE", f"/v2/task/{task_id}")


def test_a_window_is_followed_by_one_request_a_report(ask: Ask) -> None:
    task_id = create(ask, 6)
    found: list[int] = []
    requests = 0
    while len(found) < 6:
        body = look(ask, task_id, detail=1, since=len(found), timeout=20)
        requests += 1
        assert body["reports"], "an empty answer"
        found += [report["index"] for report in body["reports"]]
        assert body["next"] == len(found)
    assert found == list(range(6))
    assert requests <= 6


def test_the_end_is_waited_for_in_one_request(ask: Ask) -> None:
    task_id = create(ask, 4)
    began = time.monotonic()
    body = look(ask, task_id, timeout=20)
    assert body["state"] == "SUCCESS"
    assert time.monotonic() - began < 20


def test_what_was_measured_is_kept_in_text_and_numbers(ask: Ask) -> None:
    task_id = create(ask, 60)
    look(ask, task_id, detail=1, since=2, timeout=20)
    assert ask("DELETE", f"/v2/task/{task_id}").status_code == 204
    body = look(ask, task_id, detail=1)
    done = body["progress"]["done"]
    assert done >= 3
    assert body["result"]["iostat"].count("Device") == len(body["reports"]) == done
    assert look(ask, task_id, detail=1, since=done)["reports"] == []


def test_the_same_create_again_makes_no_second_task(ask: Ask) -> None:
    headers = {"Idempotency-Key": f"key-{time.time_ns()}"}
    answers = [
        ask("POST", "/v2/iostat/", json={"count": count}, headers=headers) for count in (2, 2, 3)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 422]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_uptime_has_numbers(ask: Ask, version: str) -> None:
    body = ask("GET", f"/{version}/uptime/?detail=1").json()
    assert list(body) == ["uptime", "seconds", "users", "load", "host"]


def test_the_service_is_well_and_described(ask: Ask) -> None:

    def works() -> bool:
        deep = ask("GET", "/health?deep=1").json()
        return bool(deep.pop("workers", 0) and deep == {"status": "ok"})

    # A worker is seen after its first poll.
    assert services.until(works)
    assert ask("GET", "/openapi.json").json()["openapi"] == "3.1.0"
