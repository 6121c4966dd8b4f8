"""Windows that take more than one invocation of the worker."""

import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any

from chalicelib.bootstrap import parts
from tests.blackbox.conftest import Ask
from tests.blackbox.test_v2 import create
from tests.support import processes as services
from tests.support.iostats import needs

Finished = Callable[..., dict[str, Any]]


def runs(task_id: str) -> int:
    """Give the number of runs that a task took."""
    task = parts.task_store.get(task_id)
    assert task is not None
    return task.run


def test_a_window_longer_than_a_run_is_handed_over(ask: Ask, finished: Finished) -> None:
    task_id = create(ask, 14)
    body = finished(task_id)
    assert (body["state"], body["result"]["iostat"].count("Device")) == ("SUCCESS", 14)
    assert body["result"]["iostat"].count("Linux ") == 1
    assert runs(task_id) >= 2


@needs("iostat")
def test_a_worker_that_is_killed_loses_nothing(ask: Ask, finished: Finished) -> None:
    task_id = create(ask, 16)
    assert services.until(lambda: services.alive("iostat -d 1 16"))
    (measuring,) = services.alive("iostat -d 1 16")
    ps = ["ps", "-o", "ppid=", "-p", str(measuring)]
    os.kill(int(subprocess.check_output(ps)), signal.SIGKILL)
    # First its lease must run out; then the next sweep sends a hint. Sweeps come once a minute.
    body = finished(task_id, seconds=4 * services.DEADLINE)
    assert (body["state"], body["result"]["iostat"].count("Device")) == ("SUCCESS", 16)
    assert runs(task_id) >= 2


def test_every_link_has_the_prefix_of_the_stage(ask: Ask) -> None:
    task_id = create(ask, 1)
    for path in ("/", "/v1/", "/v2/", "/v3/", f"/v2/task/{task_id}"):
        links = ask("GET", path).json()["links"]
        assert links
        assert all(link["href"].startswith("/api/v") for link in links)
