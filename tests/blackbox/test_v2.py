"""Tasks of v2: created, watched, and cancelled."""

import contextlib
import http.client
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest

from tests.blackbox.conftest import Ask
from tests.support import processes as services
from tests.support.iostats import needs

Finished = Callable[[str], dict[str, Any]]


def create(ask: Ask, count: int, wait: int = 1) -> str:
    query = f"count={count}" + (f"&wait={wait}" if count > 1 else "")
    answer = ask("POST", f"/v2/iostat/?{query}")
    task_id: str = answer.json()["task_id"]
    href = answer.json()["links"][0]["href"]
    assert (answer.status_code, answer.headers["Location"]) == (201, href)
    assert href.endswith(f"/v2/task/{task_id}")
    return task_id


def look(ask: Ask, task_id: str) -> dict[str, Any]:
    body: dict[str, Any] = ask("GET", f"/v2/task/{task_id}").json()
    return body


def test_ten_tasks_together_all_succeed(ask: Ask, finished: Finished) -> None:
    for task_id in [create(ask, 4) for _ in range(10)]:
        body = finished(task_id)
        assert (body["state"], list(body)) == ("SUCCESS", ["task_id", "state", "links", "result"])
        assert body["result"]["iostat"].count("Device") == 4


def test_a_task_can_be_read_as_soon_as_it_was_made(ask: Ask) -> None:
    for _ in range(100):
        assert look(ask, create(ask, 1))["state"] in ("QUEUED", "STARTED", "SUCCESS")


@pytest.mark.parametrize("how", [{"json": {"count": 2}}, {"data": {"count": "2", "wait": "1"}}])
def test_a_task_is_made_from_a_body(ask: Ask, finished: Finished, how: dict[str, Any]) -> None:
    task_id = ask("POST", "/v2/iostat", **how).json()["task_id"]
    assert finished(task_id)["result"]["iostat"].count("Device") == 2


def test_a_task_that_runs_is_cancelled_and_keeps_its_reports(ask: Ask) -> None:
    task_id = create(ask, 60)
    assert services.until(lambda: look(ask, task_id)["state"] == "STARTED")
    time.sleep(1.5)  # time for a report, or for two
    assert ask("DELETE", f"/v2/task/{task_id}").status_code == 204
    body = look(ask, task_id)
    assert (body["state"], [link["rel"] for link in body["links"]]) == ("REVOKED", ["self"])
    assert 1 <= body["result"]["iostat"].count("Device") < 60
    time.sleep(1.5)  # time for more reports, which must not come
    assert look(ask, task_id) == body
    assert ask("DELETE", f"/v2/task/{task_id}").status_code == 204


@needs("iostat")
@pytest.mark.usefixtures("on_laptop")
@pytest.mark.parametrize(("count", "wait"), [(61, 1), (2, 61)])
def test_the_iostat_of_a_cancelled_task_is_gone(ask: Ask, count: int, wait: int) -> None:
    task_id = create(ask, count, wait)
    command = f"iostat -d {wait} {count}"
    assert services.until(lambda: services.alive(command))
    ask("DELETE", f"/v2/task/{task_id}")
    assert services.until(lambda: not services.alive(command))


def test_a_task_that_is_cancelled_at_once_never_runs(ask: Ask) -> None:
    task_id = create(ask, 62)
    ask("DELETE", f"/v2/task/{task_id}")
    assert look(ask, task_id)["state"] == "REVOKED"
    time.sleep(1)  # time for a worker, which must not run the task
    assert look(ask, task_id)["result"]["iostat"].count("Device") <= 1


def test_a_task_that_has_succeeded_cannot_be_cancelled(ask: Ask, finished: Finished) -> None:
    task_id = create(ask, 1)
    finished(task_id)
    answer = ask("DELETE", f"/v2/task/{task_id}")
    assert (answer.status_code, answer.json()["msg"]) == (
        409,
        "The task has ended as SUCCESS and cannot be cancelled.",
    )


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("name", ["count", "wait"])
@pytest.mark.parametrize(
    "value", ["1.5", "abc", "", "1e3", "1_0", "0x10", "%203", "%D9%A3", "0", "-1", "86401"]
)
def test_a_number_that_is_none_is_named(ask: Ask, version: str, name: str, value: str) -> None:
    query = {"count": "2", "wait": "2", name: value}
    answer = ask("GET", f"/{version}/iostat/?count={query['count']}&wait={query['wait']}")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(f"{name} must be a whole number")


@pytest.mark.parametrize("query", ["wait=1", "count=1&wait=1", "count=2&count=2", "x=1"])
def test_a_query_that_means_nothing_is_400(ask: Ask, query: str) -> None:
    assert ask("GET", f"/v2/iostat/?{query}").status_code == 400


@pytest.mark.parametrize("task_id", ["a" * 300, "%F0%9F%98%80", "x"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_is_none_is_404(ask: Ask, method: str, task_id: str) -> None:
    answer = ask(method, f"/v2/task/{task_id}")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


@pytest.mark.usefixtures("on_laptop")
@pytest.mark.parametrize(
    "path", ["/v2/task/../x", "/v2/task/..%2Fx", "/v2/task/😀", "/nope", "/v2/task/"]
)
def test_a_path_that_is_none_is_404_as_it_stands(base_url: str, path: str) -> None:
    """`requests` would change these paths, so we write them ourselves."""
    netloc = urllib.parse.urlsplit(base_url).netloc
    with contextlib.closing(http.client.HTTPConnection(netloc)) as connection:
        connection.putrequest("GET", "/")
        connection._buffer[0] = f"GET {path} HTTP/1.1".encode()  # type: ignore[attr-defined]
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
        answer.read()
