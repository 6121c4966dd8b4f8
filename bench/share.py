"""The part that the local cloud (moto) has in hoststat's figures, and the part of the rest."""

import os
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from bench import events, measures, processes
from bench.operations import Hurried
from bench.stacks import Stack
from chalicelib import ids
from chalicelib.aws import client as aws
from chalicelib.aws.sqs import Queue, SqsDispatcher
from chalicelib.aws.task_store import DynamoTaskStore
from chalicelib.bootstrap import parts
from chalicelib.clock import SystemClock
from chalicelib.comparison import Comparison
from chalicelib.measure.model import Window
from chalicelib.tasks import model
from chalicelib.tasks.keeper import Keeper
from chalicelib.tasks.model import Look, Report, State, Task
from chalicelib.tasks.service import TaskService
from chalicelib.tasks.worker import Worker
from local import stage
from local.session import Session

#: The processes of hoststat: the name in the figures, and the module.
_PARTS = {"cloud": "local.cloud", "API": "local.gateway", "worker": "local.worker"}
_QUEUE = "hoststat-bench"
#: The most messages of one ReceiveMessage.
_BATCH = 10


class Alone(NamedTuple):
    """Calls of AWS, one after the other, with no other client: the time from request to answer."""

    seconds: float
    #: The median milliseconds of each.
    each: dict[str, float]


def enter(stack: Stack) -> None:
    """Let this process use the local cloud of the stack."""
    os.environ["PORT"] = str(stack.port)
    stage.enter()
    parts.reset(session=Session())


def alone(windows: int, window: Window, polls: int) -> Alone:
    """Measure the calls that these windows take: for their creates, for the worker, for `polls`."""
    taken: dict[str, list[float]] = defaultdict(list)
    session, names, settings = parts.session, parts.settings.name, parts.settings
    dynamodb, sqs = aws.client(session, "dynamodb"), aws.client(session, "sqs")
    sqs.create_queue(QueueName=_QUEUE)
    for client in (dynamodb, sqs):
        _time(client, taken)
    store = DynamoTaskStore(
        dynamodb, **{name: names(name) for name in ("tasks", "reports", "keys")}
    )
    queue = Queue(sqs, _QUEUE)
    dispatcher = SqsDispatcher({"v2": queue}, queue, lambda name: queue)
    clock = SystemClock()
    service = TaskService(store=store, dispatcher=dispatcher, clock=clock, settings=settings)
    keeper = Keeper(store=store, clock=clock, settings=settings, threaded=False)
    with events.quiet(), tempfile.TemporaryDirectory() as folder:
        task_ids = [service.create("v2", window) for _ in range(windows)]
        worker = Worker(
            store=store,
            dispatcher=dispatcher,
            machine=Hurried(Path(folder)),
            keeper=keeper,
            clock=clock,
            comparison=Comparison(clock),
            settings=settings,
        )
        while messages := queue.receive(_BATCH, 0):
            for message in messages:
                worker.take(message["Body"])
            queue.acknowledge(messages)
        for number in range(polls):
            service.look("v2", task_ids[number % windows], Look())
    each = {name: 1000 * statistics.median(times) for name, times in taken.items()}
    return Alone(sum(map(sum, taken.values())), each)


def fill(tasks: int, reports: int) -> None:
    """Store so many ended tasks, each with so many reports, beside what is there already."""
    store, now = parts.task_store, time.time()
    text = "vda 1.00 2.00 3.00 4.00 5 6 7\n" * 8
    for _ in range(tasks):
        task = Task(task_id=ids.new_id(), version="v2", window=Window(reports, 1), created_at=now)
        ended = model.ended(task, State.FAILURE, at=now, keep_days=7, error="It is only stored.")
        store.create(ended._replace(done=reports))
        for index in range(reports):
            report = Report(index=index, run=0, at=now, text=text)
            store.put_report(task.task_id, report, now + model.DAY)


def get_item(task_id: str) -> float:
    """Give the milliseconds of a GetItem of a task, by hoststat's own client."""
    return measures.median(lambda: parts.task_store.get(task_id))


def busy(stack: Stack) -> dict[str, float]:
    """Give the seconds of a processor that each part of hoststat has taken so far."""
    found = {}
    for pid in processes.family(stack.pids[0]):
        command = processes.command(pid)
        for part, module in _PARTS.items():
            if module in command:
                found[part] = processes.seconds(pid)
    return found


def _time(client: Any, taken: dict[str, list[float]]) -> None:
    """Note in `taken` how many seconds each request of `client` waits for its answer."""
    began = 0.0

    def begin(**_: Any) -> None:
        nonlocal began
        began = time.perf_counter()

    def end(event_name: str, **_: Any) -> None:
        taken[event_name.rpartition(".")[2]].append(time.perf_counter() - began)

    # Between them `local.session` makes the call.
    client.meta.events.register_first("before-call", begin)
    client.meta.events.register_last("after-call", end)
