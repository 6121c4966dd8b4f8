"""Tasks, claims, reports and heartbeats for the tests."""

from typing import Any

from chalicelib import ids
from chalicelib.hosts.model import Heartbeat
from chalicelib.measure.model import Window
from chalicelib.tasks.model import Claim, Report, Task
from chalicelib.tasks.ports import Store

NOW = 1_800_000_000.25


def a_task(**fields: Any) -> Task:
    task = Task(
        task_id=ids.new_id(),
        version="v2",
        window=Window(3, 1),
        created_at=NOW,
        due_at=NOW + 60,
    )
    return task._replace(**fields)


def a_claim(task: Task, **fields: Any) -> Claim:
    claim = Claim(
        task_id=task.task_id,
        token=ids.new_id(),
        host="web-1",
        source="iostat",
        started_at=NOW + 1,
        lease_until=NOW + 91,
        due_at=NOW + 100,
    )
    return claim._replace(**fields)


def a_report(index: int, *, run: int = 1) -> Report:
    return Report(index=index, run=run, at=NOW + index, text=f"report {index} of run {run}\n")


def a_heartbeat(node: str = "web-1", **fields: Any) -> Heartbeat:
    heartbeat = Heartbeat(
        node=node,
        system="Linux 6.18.44 x86_64",
        cpus=2,
        source="iostat",
        version="0.2.0",
        uptime="up 5 min",
        windows=3,
    )
    return heartbeat._replace(**fields)


def claimed(store: Store, **fields: Any) -> Task:
    task = a_task(**fields)
    store.create(task)
    return store.claim(a_claim(task))
