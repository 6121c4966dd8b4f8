"""What the local cloud itself takes: moto's share of hoststat's figures."""

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

from bench import processes
from bench.stacks import Stack
from chalicelib import aws, bootstrap
from chalicelib.clock import SystemClock
from chalicelib.dispatch import SqsDispatcher
from chalicelib.leases import Leases
from chalicelib.service import Service
from chalicelib.store import DynamoStore
from chalicelib.windows import Window
from chalicelib.worker import Worker
from local import stage

_TEXT = """Device             tps    kB_read/s    kB_wrtn/s    kB_dscd/s    kB_read    kB_wrtn    kB_dscd
vda              27.40       599.86       355.62        53.96     985313     584140      88640

"""
_QUEUE = "hoststat-bench"
#: Reads of which a median is taken.
_TIMES = 60
#: What one ReceiveMessage gives.
_BATCH = 10


class Alone(NamedTuple):
    """Calls, one after the other, with nobody else asking: from a request to its answer."""

    seconds: float
    #: The median milliseconds of each.
    each: dict[str, float]


class _Feed:
    """The reports of a window, all at once."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __iter__(self) -> Iterator[str]:
        return iter([_TEXT] * self._count)

    def stop(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class _Host:
    name, source = "bench", "iostat"

    def uptime(self) -> str:
        raise NotImplementedError

    def uptime_numbers(self) -> dict[str, object]:
        raise NotImplementedError

    def open(self, window: Window, *, first: int = 0, patience: float = 30) -> _Feed:
        return _Feed(window.count - first)


def enter(stack: Stack) -> None:
    """Make this process one of those of the stack, as far as AWS is concerned."""
    os.environ["PORT"] = str(stack.port)
    stage.enter()


def alone(windows: int, window: Window, polls: int = 0) -> Alone:
    """The calls that so many windows take: those of creating, of working, and of `polls`."""
    taken: dict[str, list[float]] = defaultdict(list)
    session, names, settings = aws.session(), bootstrap.settings().name, bootstrap.settings()
    dynamodb, sqs = aws.client(session, "dynamodb"), aws.client(session, "sqs")
    sqs.create_queue(QueueName=_QUEUE)
    for client in (dynamodb, sqs):
        _time(client, taken)
    store = DynamoStore(dynamodb, **{name: names(name) for name in ("tasks", "reports", "keys")})
    queue = SqsDispatcher(sqs, queue=_QUEUE, dead=_QUEUE)
    clock = SystemClock()
    service = Service(store=store, dispatcher=queue, clock=clock, settings=settings)
    leases = Leases(store=store, clock=clock, settings=settings, threaded=False)
    worker = Worker(
        store=store, dispatcher=queue, host=_Host(), leases=leases, clock=clock, settings=settings
    )
    paths = [service.create("v2", window) for _ in range(windows)]
    while messages := queue.receive(_BATCH, 0):
        for message in messages:
            worker.take(message["Body"])
        queue.acknowledge(messages)
    for number in range(polls):
        service.find("v2", paths[number % windows])
    each = {name: 1000 * statistics.median(times) for name, times in taken.items()}
    return Alone(sum(map(sum, taken.values())), each)


def get_item(task_id: str) -> float:
    """Milliseconds of a GetItem of a task, by the client that hoststat has."""
    taken = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        bootstrap.dynamo().get(task_id)
        taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken)


def busy(stack: Stack) -> float:
    """Seconds of a processor that the local cloud has taken so far."""
    (cloud,) = [
        pid
        for pid in processes.family(stack.pids[0])
        if b"local.cloud" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return processes.seconds(cloud)


def _time(client: Any, taken: dict[str, list[float]]) -> None:
    """Keep the seconds that each request of `client` waits for its answer."""
    session = client._endpoint.http_session
    send = session.send

    def timed(request: Any) -> Any:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        began = time.perf_counter()
        try:
            return send(request)
        finally:
            taken[operation].append(time.perf_counter() - began)

    session.send = timed
