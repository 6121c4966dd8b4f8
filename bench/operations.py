"""The operations of hoststat whose calls are counted, each with what it needs."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench import events
from chalicelib.bootstrap import parts
from chalicelib.clock import SystemClock
from chalicelib.hosts.model import Heartbeat
from chalicelib.measure.machine import ThisMachine
from chalicelib.measure.model import Feed, Window
from chalicelib.tasks import run
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.model import OPEN_VERSION, State
from chalicelib.tasks.worker import Worker

LOOK, BEAT = "look for a cancel", "heartbeat"
#: What the kernel says of the machine's one disk.
_DISK = "253 0 vda 24711 3 1970626 9127 28730 9125 711240 24522 0 18120 33650 19 0 128 0\n"
_LOGIN = "bench", "only for the bench"
#: As long as one that a machine sends.
_HEARTBEAT = Heartbeat(
    node="web-1.example.com",
    system="Linux 6.18.44 x86_64",
    cpus=2,
    source="iostat",
    version="0.2.0",
    uptime="20:16:57 up 14 days,  7:33,  2 users,  load average: 0.58, 0.25, 0.14",
    windows=3,
    busiest_device="vda",
    busiest_util=12.5,
)


class Case(NamedTuple):
    """An operation, and the calls that it may make; None if the design has no number for it."""

    name: str
    act: Callable[[], object]
    allowed: int | None = None


class Hurried(ThisMachine):
    """A machine with one disk, on which no time passes between two reports."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), root=folder)
        (folder / "proc").mkdir()
        (folder / "proc" / "diskstats").write_text(_DISK)
        (folder / "proc" / "uptime").write_text("1650.30 3105.17\n")

    def open(self, window: Window, *, first: int = 0, patience: float = 30) -> Feed:
        """Start to measure a window whose reports all come at once."""
        return super().open(window._replace(wait=0), first=first, patience=patience)


def _create(version: str = "v2", count: int = 3, headers: Mapping[str, str] | None = None) -> str:
    task_id: str = events.ask(events.create(version, count, headers=headers))["task_id"]
    return task_id


def _begun(task_id: str, host: ThisMachine) -> run.Run:
    """Claim a task for a run whose next heartbeat is always due."""
    return run.claim(
        task_id,
        host=host.name,
        source=host.source,
        store=parts.task_store,
        clock=SystemClock(),
        settings=parts.settings._replace(heartbeat_seconds=0),
    )


def _tasks(
    version: str, host: ThisMachine, headers: Mapping[str, str], more: int
) -> Iterator[Case]:
    """Give the operations of tasks. Each may make `more` calls than it may make in v2."""
    create = partial(_create, version, headers=headers)
    # In v2 the tasks of its source are counted, in v3 the user is read.
    yield Case(f"{version} create", create, 3)
    task_id = _begun(create(), host).task.task_id
    for name, method in (("poll, waiting", "GET"), ("cancel", "DELETE")):
        asked = events.task(method, version, task_id, headers=headers)
        yield Case(f"{version} {name}", partial(events.ask, asked), 1 + more)


def _windows(host: ThisMachine) -> Iterator[Case]:
    """Give the operations of whole windows, and of polls after their end."""
    queue, store = parts.receivers[OPEN_VERSION], parts.task_store
    worker = Worker(
        store=store,
        dispatcher=parts.dispatcher,
        machine=host,
        keeper=parts.keeper,
        clock=SystemClock(),
        comparison=parts.comparison,
        settings=parts.settings,
    )

    def work() -> None:
        (message,) = queue.receive(10, 0)
        worker.take(message["Body"])
        queue.acknowledge([message])

    polls = []
    for reports, allowed, of_poll in ((1, 4, 1), (3, 8, 2), (30, 62, 2)):
        while others := queue.receive(10, 0):
            queue.acknowledge(others)
        task_id = _create(count=reports)
        yield Case(f"worker, window of {reports}", work, allowed)
        ended = store.get(task_id)
        if ended is None or ended.state is not State.SUCCESS:
            raise RuntimeError(f"This is no SUCCESS: {ended}")
        poll = partial(events.ask, events.task("GET", "v2", task_id))
        polls.append(Case(f"v2 poll, ended window of {reports}", poll, of_poll))
    yield from polls


def _live(host: ThisMachine) -> Iterator[Case]:
    """Give the operations while a window is measured."""
    window = Window(4, 1)
    mine = _begun(_create(count=window.count), host)
    with host.open(window) as feed:
        first, second, third, _ = feed
    mine.report(first)
    mine.report(second)
    task_id = mine.task.task_id
    follow = events.task("GET", "v2", task_id, query={"detail": "1", "since": "1"})
    yield Case("v2 look, one new report", partial(events.ask, follow), 2)
    yield Case("report that extends the lease", partial(mine.report, third), 2)
    yield Case(LOOK, partial(parts.task_store.get_many, [task_id]), 1)
    yield Case(BEAT, mine.beat, 1)


def _hosts(headers: Mapping[str, str]) -> Iterator[Case]:
    """Give the operations of the registry of hosts."""
    one = partial(events.event, route="/v3/hosts/{name}", headers=headers, name="web-1")
    # Each reads the user.
    yield Case("v3 add a host", partial(events.ask, one("PUT")), 3)
    yield Case("v3 look at a host", partial(events.ask, one("GET")), 2)
    listing = events.event("GET", "/v3/hosts", headers=headers)
    yield Case("v3 list of hosts", partial(events.ask, listing), 3)
    now = parts.clock.now()
    beat = partial(parts.host_store.beat, "web-1", "a session", _HEARTBEAT, now, lapsed_by=now)
    yield Case("heartbeat of a host", beat, 1)
    seen = events.event("GET", "/health", query={"deep": "1"})
    # A task and the two queues are asked for, then the workers and the hosts, with their rows.
    yield Case("deep health", partial(events.ask, seen), 7)
    yield Case("v3 remove a host", partial(events.ask, one("DELETE")), 4)


def _groups(host: ThisMachine, headers: Mapping[str, str]) -> Iterator[Case]:
    """Give the operations of a group of ten hosts, which have a report each."""
    names = [f"mail-{number}" for number in range(10)]
    for name in names:
        parts.hosts.add(name, by="bench")
    body = json.dumps({"hosts": ["mail-?"], "count": 2, "wait": 1})
    asked = events.event(
        "POST", "/v3/group", body=body, headers={**headers, "content-type": "application/json"}
    )
    made = events.ask(asked)["group_id"]
    # Of the calls to DynamoDB two read the names, and one makes 25 tasks.
    yield Case("v3 create, group of 10", partial(events.ask, asked), 7 + len(names))
    for name in names:
        run.claim(
            f"{name}~{made}",
            name=name,
            host=host.name,
            source=host.source,
            store=parts.task_store,
            clock=SystemClock(),
            settings=parts.settings,
        ).report("1\n")
    look = events.event(
        "GET", "/v3/group/{group_id}", query={"detail": "1"}, headers=headers, group_id=made
    )
    yield Case("v3 look, group of 10", partial(events.ask, look), 4)


def cases(host: ThisMachine) -> Iterator[Case]:
    """Give the operations one by one, each when everything that it needs is there."""
    yield Case("v2 create, first of a process", _create)
    parts.dispatcher.reach()
    yield from _tasks("v2", host, {}, 0)
    yield Case("v2 create, Idempotency-Key", partial(_create, headers={"idempotency-key": "1"}), 3)
    parts.receivers[OPEN_VERSION].reach()
    yield from _windows(host)
    yield from _live(host)
    parts.users.make_admin(*_LOGIN)
    login = events.basic(*_LOGIN)
    uptime = events.event("GET", "/v3/uptime", headers=login)
    yield Case("v3 uptime, first login", partial(events.ask, uptime))
    yield from _tasks("v3", host, login, 1)
    yield from _hosts(login)
    parts.hosts.add("db-1", by="bench")
    asked = events.event("POST", "/v3/iostat", query={"host": "db-1"}, headers=login)
    for_host = partial(events.ask, asked)
    for_host()
    # The user and the host are read.
    yield Case("v3 create, for a host", for_host, 4)
    yield from _groups(host, login)
    listing = events.event("GET", "/v3/task", headers=login)
    # The user, five partitions, and the tasks themselves.
    yield Case("v3 list of tasks", partial(events.ask, listing), 7)
    newest = next(parts.task_store.newest(None, 1))
    query = {"after": str(Cursor(newest.created_at, newest.task_id))}
    listing = events.event("GET", "/v3/task", query=query, headers=login)
    # The task after which the list goes on, too.
    yield Case("v3 list of tasks, further page", partial(events.ask, listing), 8)
    parts.sweeper.sweep()
    yield Case("sweep, nothing due", parts.sweeper.sweep)
