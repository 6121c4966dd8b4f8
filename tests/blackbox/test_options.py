"""The columns of -x, the CPU block, and the text of each report, of a service that runs."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.blackbox.accounts import Login
from tests.blackbox.conftest import Ask
from tests.support import processes as services

KIND = ["{0}/s", "{0}kB/s", "{0}rqm/s", "%{0}rqm", "{0}_await", "{0}areq-sz"]
READS_AND_WRITES = [column.format(kind) for kind in "rw" for column in KIND]
CPU = ["%user", "%nice", "%system", "%iowait", "%steal", "%idle"]

Finished = Callable[..., dict[str, Any]]


def check(reports: list[dict[str, Any]]) -> None:
    """Check that reports have the columns of -x and the CPU block."""
    for report in reports:
        assert list(report["cpu"]) == CPU
        for device in report["devices"]:
            assert {"device", "aqu-sz", "%util", *READS_AND_WRITES} <= set(device)


def test_v1_measures_the_columns_of_x_and_the_cpu_at_once(ask: Ask) -> None:
    body = ask("GET", "/v1/iostat/?count=2&extended=1&cpu=1&detail=1").json()
    assert len(body["reports"]) == 2
    check(body["reports"])
    assert (body["iostat"].count("avg-cpu"), body["iostat"].count("Device")) == (2, 2)


@pytest.mark.parametrize("version", ["v2", "v3"])
@pytest.mark.parametrize(
    "how",
    [
        {"params": {"count": 2, "extended": 1, "cpu": 1}},
        {"json": {"count": 2, "extended": True, "cpu": True}},
        {"data": {"count": 2, "extended": 1, "cpu": 1}},
    ],
    ids=["query", "JSON", "form"],
)
def test_a_task_measures_them_and_gives_the_text_of_each_report(
    ask: Ask, finished: Finished, root: Login, version: str, how: dict[str, Any]
) -> None:
    login = {"auth": root} if version == "v3" else {}
    made = ask("POST", f"/{version}/iostat/", **how, **login)
    assert made.status_code == 201
    task_id = made.json()["task_id"]
    finished(task_id, version, **login)
    path = f"/{version}/task/{task_id}?detail=1&text=1"
    body = ask("GET", path, **login).json()
    assert body["state"] == "SUCCESS"
    assert body["request"] == {"count": 2, "wait": 1, "extended": True, "cpu": True}
    assert "".join(it["text"] for it in body["reports"]) == body["result"]["iostat"]
    check(body["reports"])


def test_text_can_be_followed_while_the_window_runs(ask: Ask) -> None:
    task_id = ask("POST", "/v2/iostat/?count=60&cpu=1").json()["task_id"]
    path = f"/v2/task/{task_id}?detail=1&text=1"
    assert services.until(lambda: len(ask("GET", path).json()["reports"]) >= 2)
    ask("DELETE", f"/v2/task/{task_id}")
    body = ask("GET", path).json()
    assert "".join(it["text"] for it in body["reports"]) == body["result"]["iostat"]


def test_another_option_is_another_request(ask: Ask) -> None:
    headers = {"Idempotency-Key": f"options-{services.free_port()}-{id(ask)}"}
    answers = [
        ask("POST", "/v2/iostat/", json=body, headers=headers)
        for body in ({"extended": True}, {"extended": True}, {"cpu": True}, {})
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 422, 422]
