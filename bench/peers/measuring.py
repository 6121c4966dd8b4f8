"""What both peers do alike: uptime at once, and iostat, run to its end, by Celery."""

import os
import subprocess

from celery import Celery

queue = Celery("peer", broker=os.environ["BROKER"], backend=os.environ["RESULTS"])
queue.conf.task_track_started = True


@queue.task
def iostat(count: str, wait: str) -> str:
    """The text of a window."""
    return subprocess.check_output(["iostat", "-d", wait, count], text=True)


def uptime() -> dict[str, str]:
    """The host's uptime."""
    return {"uptime": subprocess.check_output(["uptime"], text=True).strip()}


def create(count: str, wait: str) -> dict[str, object]:
    """A new task."""
    task_id = iostat.delay(count, wait).id
    return {"task_id": task_id, "links": [{"rel": "task", "href": f"/v2/task/{task_id}"}]}


def show(task_id: str) -> dict[str, object]:
    """A task as it stands."""
    task = queue.AsyncResult(task_id)
    body: dict[str, object] = {"task_id": task_id, "state": task.state}
    return {**body, "result": {"iostat": task.result}} if task.ready() else body
