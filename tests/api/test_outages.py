"""Outages of DynamoDB and SQS: tasks are answered 503, and v1 does not need them."""

import socket

import pytest

from chalicelib import errors
from chalicelib.api import problems
from chalicelib.settings import Settings
from tests.support.asking import ask, ask_task, problem


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{probe.getsockname()[1]}")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v2/iostat"), ("GET", "/v2/task"), ("DELETE", "/v2/task")]
)
def test_tasks_are_503_and_say_when_to_try_again(
    monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    monkeypatch.setenv("OUTAGE_HINT", "Start it with make.")
    task_id = "00000000-0000-4000-8000-000000000000"
    answer = ask(method, path) if path.endswith("iostat") else ask_task(method, task_id)
    detail = "A service that this one needs does not answer; try again. Start it with make."
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.body == problem(503, "Service Unavailable", detail)


def test_a_service_that_misses_nothing_but_a_worker_says_how_to_start_one() -> None:
    hints = Settings(outage_hint="Start it with make.", no_worker_hint="Start a worker.")
    answer = problems.answer(errors.NoWorker(2), hints)
    detail = "No worker has been seen for 2 minutes; tasks wait. Start a worker."
    assert answer.body == problem(503, "Service Unavailable", detail)


def test_v1_needs_no_other_service() -> None:
    assert ask("GET", "/v1/uptime").status == 200
    assert ask("GET", "/v1/iostat").status == 200
