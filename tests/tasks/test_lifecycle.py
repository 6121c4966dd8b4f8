"""The life of a task, from its create to its result, with the real stores and function on moto."""

import threading
from typing import Any

import pytest

from chalicelib.bootstrap import parts
from tests.support.asking import ask, ask_task, drain

pytestmark = pytest.mark.usefixtures("cloud", "one_thread")


def submit(**numbers: Any) -> str:
    task_id: str = ask("POST", "/v2/iostat", **numbers).body["task_id"]
    return task_id


def test_a_task_is_created_measured_and_read() -> None:
    task_id = submit(count="2", wait="1")
    assert ask_task("GET", task_id).body["state"] == "QUEUED"
    assert drain() == 1
    body = ask_task("GET", task_id).body
    assert (body["state"], [link["rel"] for link in body["links"]]) == ("SUCCESS", ["self"])
    assert body["result"]["iostat"].count("Device") == 2
    assert ask_task("DELETE", task_id).status == 409


def test_a_task_that_is_cancelled_before_its_message_comes_never_runs() -> None:
    task_id = submit()
    ask_task("DELETE", task_id)
    assert drain() == 1
    assert ask_task("GET", task_id).body["result"] == {"iostat": ""}


def test_a_message_that_comes_twice_makes_one_run() -> None:
    task_id = submit()
    parts.dispatcher.send(task_id, "v2")
    assert drain() == 2
    assert ask_task("GET", task_id).body["result"]["iostat"].count("Device") == 1


def test_a_window_of_several_runs_has_the_text_of_one_iostat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEGMENT_SECONDS", "1")
    task_id = submit(count="4", wait="1")
    assert drain() >= 2
    text = ask_task("GET", task_id).body["result"]["iostat"]
    assert (text.count("Linux"), text.count("Device")) == (1, 4)


def test_no_thread_is_left_that_keeps_the_process_alive() -> None:
    assert all(thread.daemon for thread in threading.enumerate()[1:])
