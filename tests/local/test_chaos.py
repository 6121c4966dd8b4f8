"""Fifty windows, while workers are killed, frozen and told to leave, and the cloud is stopped.

The local cloud is a server in this process, so that it can be stopped and started again without
losing its data. The workers are processes of their own.
"""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.moto_api._internal.models import moto_api_backend

from chalicelib.bootstrap import parts
from chalicelib.measure.model import Window
from chalicelib.tasks.model import State, Task
from local import cloud, stage
from local.cloud.server import Cloud
from tests.support import processes as services
from tests.support.clouds import Serving, enter
from tests.support.iostats import needs

SETTINGS = {
    "LEASE_SECONDS": "4",
    "HEARTBEAT_SECONDS": "1",
    "SWEEP_SECONDS": "1",
    "SEGMENT_SECONDS": "6",
    "MAX_ATTEMPTS": "20",
}
WINDOWS = 50
#: A count that no other test uses, so that we can find the iostats of this test.
COUNT = 11


class Door:
    """The server of the local cloud. `shut` stops it, and `open` starts it again."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open()

    def open(self) -> None:
        self._serving = Serving(Cloud(), stage.cloud_port(self.port))

    def shut(self) -> None:
        self._serving.end()


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    port = services.free_port()
    enter(monkeypatch, port, **SETTINGS)
    made = Door(port)
    try:
        cloud.make_resources()
        yield made
    finally:
        made.shut()
        moto_api_backend.reset()


class Workers:
    """Worker processes, ended with the context."""

    def __init__(self, stack: contextlib.ExitStack, log: Path) -> None:
        self._stack, self._log = stack, log

    def begin(self) -> "subprocess.Popen[str]":
        log = self._stack.enter_context(self._log.open("a"))
        command = [sys.executable, "-m", "local.worker"]
        return self._stack.enter_context(services.process(*command, log=log))

    def began(self) -> int:
        """Count the workers that hear signals."""
        return self._log.read_text().count('"worker began"')

    def stacks(self) -> list[str]:
        """Give the lines of the log with a stack: errors that a person must act on."""
        lines = self._log.read_text().splitlines()
        return [line for line in lines if '"stack"' in line or "Traceback" in line]


def windows() -> list[int]:
    """Give the iostats that measure windows of this test."""
    return [*services.alive(f"iostat -d 1 {COUNT}"), *services.alive("iostat -d -y 1 ")]


def tasks_of(ids: list[str]) -> list[Task]:
    return parts.task_store.get_many(ids)


@needs("iostat")
def test_no_report_is_lost_or_doubled_and_no_iostat_is_left_running(
    door: Door, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as stack:
        workers = Workers(stack, tmp_path / "log")
        window = Window(COUNT, 1)
        ids = [parts.tasks.create("v2", window) for _ in range(WINDOWS)]
        killed, frozen, leaving = workers.begin(), workers.begin(), workers.begin()
        assert services.until(lambda: workers.began() == 3)
        assert services.until(lambda: begun(ids) > WINDOWS // 2)

        killed.kill()
        replacement = workers.begin()
        frozen.send_signal(signal.SIGSTOP)
        leaving.send_signal(signal.SIGTERM)
        assert leaving.wait(services.DEADLINE) == 0

        door.shut()
        time.sleep(1)  # the cloud does not answer during this time
        door.open()

        # The frozen worker goes on only when other runs have taken over all its tasks.
        before = {task.task_id: task.run for task in tasks_of(ids)}
        assert services.until(lambda: all_taken(ids, before), seconds=3 * services.DEADLINE)
        frozen.send_signal(signal.SIGCONT)

        assert services.until(lambda: ended(ids) == WINDOWS, seconds=3 * services.DEADLINE)
        assert services.until(lambda: not windows())
        for worker in (replacement, frozen):
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(services.DEADLINE) == 0

        for task in tasks_of(ids):
            assert (task.state, task.done, task.error) == (State.SUCCESS, COUNT, None)
            reports = list(parts.task_store.reports(task))
            assert [report.index for report in reports] == list(range(COUNT))
            runs = [report.run for report in reports]
            assert runs == sorted(runs)
            text = "".join(report.text for report in reports)
            assert (text.count("Linux"), text.count("Device")) == (1, COUNT)
        assert workers.stacks() == []


def begun(ids: list[str]) -> int:
    return sum(task.state is not State.QUEUED for task in tasks_of(ids))


def ended(ids: list[str]) -> int:
    return sum(task.state.ended for task in tasks_of(ids))


def all_taken(ids: list[str], before: dict[str, int]) -> bool:
    """Tell whether every task has ended or has had a new run since `before`."""
    return all(task.state.ended or task.run > before[task.task_id] for task in tasks_of(ids))


@needs("iostat")
def test_a_killed_workers_iostats_end_with_it(door: Door, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        worker = Workers(stack, tmp_path / "log").begin()
        task_id = parts.tasks.create("v2", Window(COUNT, 1))
        assert services.until(windows)
        worker.kill()
        assert services.until(lambda: not windows(), seconds=5)
        second = Workers(stack, tmp_path / "log").begin()
        assert services.until(lambda: ended([task_id]) == 1)
        second.send_signal(signal.SIGTERM)
        assert second.wait(services.DEADLINE) == 0
