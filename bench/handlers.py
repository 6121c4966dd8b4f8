"""The time that the app itself takes for an answer, with a cloud that takes no time."""

import contextlib
import json
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import app
from bench import events
from chalicelib import ids
from chalicelib.aws import client as aws
from chalicelib.aws import task_items
from chalicelib.aws.items import to_item
from chalicelib.bootstrap import parts
from chalicelib.comparison import Comparison
from chalicelib.measure.model import Window
from chalicelib.tasks.model import State, Task
from chalicelib.users.model import User

#: Rounds, and how many times each request is sent in a round.
_ROUNDS, _TIMES = 5, 2000
#: Milliseconds that an answer may take.
_ALLOWED = 0.3
_USERNAME, _PASSWORD = "bench", "only for the bench"


def _task(version: str) -> Task:
    """Make a task that a worker has just begun to measure."""
    now = time.time()
    return Task(
        task_id=ids.new_id(),
        version=version,
        window=Window(60, 1),
        created_at=now,
        state=State.STARTED,
        started_at=now,
        due_at=now,
        run=1,
        token=ids.new_id(),
        lease_until=now,
        done=1,
        reported_at=now,
        host="web-1",
        source="iostat",
    )


def _client(known: list[Task]) -> SimpleNamespace:
    """Make a fake client of both services. It knows these tasks and one user, and takes no time."""
    hashed = parts.passwords.hash(_PASSWORD)
    user = User(username=_USERNAME, fullname="B.", admin=False, password_hash=hashed, revision="1")
    there = {task.task_id: to_item(task_items.attributes(task)) for task in known}
    there[_USERNAME] = to_item({"kind": "user", **user._asdict()})

    def get_item(**asked: Any) -> dict[str, Any]:
        *_, last = asked["Key"].values()
        return {"Item": there[last["S"]]}

    return SimpleNamespace(
        get_item=get_item,
        batch_get_item=lambda **_: {"Responses": {}},
        put_item=lambda **_: {},
        get_queue_url=lambda **_: {"QueueUrl": "queue"},
        send_message=lambda **_: {},
    )


@contextlib.contextmanager
def clients(fake: object) -> Iterator[None]:
    """Use `fake` in place of every client that is made, while the context lasts."""

    def client(
        session: Any, service: str, *, long_poll: bool = False, compare: Comparison | None = None
    ) -> Any:
        return fake

    real, aws.client = aws.client, client
    parts.reset()
    try:
        yield
    finally:
        aws.client = real
        parts.reset()


def cases(v2: Task, v3: Task) -> dict[str, Callable[[], events.Event]]:
    """Give the requests by name. Each makes a new event, because the app writes into its event."""
    login = events.basic(_USERNAME, _PASSWORD)
    return {
        "v1 index": partial(events.event, "GET", "/v1"),
        "v2 create": partial(events.create, "v2", 60),
        "v2 poll, waiting": partial(events.task, "GET", "v2", v2.task_id),
        "v3 poll, waiting": partial(events.task, "GET", "v3", v3.task_id, headers=login),
    }


def median(make: Callable[[], events.Event]) -> float:
    """Give the median milliseconds of many answers."""
    taken = []
    for _ in range(_TIMES):
        event = make()
        began = time.perf_counter()
        app.app(event, events.CONTEXT)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def main() -> None:
    """Print a table, and a line of JSON."""
    v2, v3 = _task("v2"), _task("v3")
    asked = cases(v2, v3)
    rounds: dict[str, list[float]] = {case: [] for case in asked}
    with events.quiet(), clients(_client([v2, v3])):
        for make in asked.values():
            # Check that the request succeeds. From then on the login is a remembered one.
            events.ask(make())
        for _ in range(_ROUNDS):
            for case, make in asked.items():
                rounds[case].append(median(make))
    figures = {
        case: {"best": round(min(them), 3), "median": round(statistics.median(them), 3)}
        for case, them in rounds.items()
    }
    print(f"{'handler time, ms':<24}{'best':>8}{'median':>8}{'allowed':>9}")
    for case, it in figures.items():
        mark = "  too slow" if it["median"] > _ALLOWED else ""
        print(f"{case:<24}{it['best']:>8.3f}{it['median']:>8.3f}{_ALLOWED:>9}{mark}")
    print(json.dumps({"bench": "handler time", "ms": figures, "allowed": _ALLOWED}))


if __name__ == "__main__":
    main()
