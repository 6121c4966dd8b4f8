"""The measurements of a stack. Every stack gets the same requests."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from bench import processes
from bench.driver import Client
from bench.stacks import Stack

#: Of how many requests, and of how many tasks one after the other, a median is taken. They are few,
#: so that all stacks are measured within a second or two: longer, and the machine may have changed.
_REQUESTS, TASKS = 20, 4
#: Tasks in a burst, the clients that create them, and the seconds between two looks of a client.
BURST, _CLIENTS, _PAUSE = 48, 8, 0.05
#: Seconds that a window waits while memory is measured, and that all windows may take to begin.
_WAITING, _BEGIN = 15, 12


class Latency(NamedTuple):
    """Median milliseconds from a create to its answer, and to its result."""

    create: float
    done: float


class Load(NamedTuple):
    """Many tasks at once: the seconds until all have ended, and the looks that were needed."""

    seconds: float
    looks: int


def wake(stack: Stack) -> None:
    """Let a stack do a first task, so that all its processes are there."""
    client = Client(stack.port)
    client.follow(client.create())


def uptime(stack: Stack) -> float:
    """Give the milliseconds of GET /v1/uptime/."""
    client = Client(stack.port)
    return median(lambda: client.ask("GET", "/v1/uptime/"))


def first_uptime(stack: Stack) -> float:
    """Give the milliseconds of the first one in a second, for which all stacks run ``uptime``."""
    client = Client(stack.port)
    client.ask("GET", "/v1/uptime/")
    time.sleep(1 - time.time() % 1)
    began = time.perf_counter()
    client.ask("GET", "/v1/uptime/")
    return 1000 * (time.perf_counter() - began)


def create_to_done(stack: Stack) -> Latency:
    """Measure from a POST to its answer, and to the result of its one report."""
    client = Client(stack.port)
    created, done = [], []
    for _ in range(TASKS):
        began = time.perf_counter()
        path = client.create()
        created.append(time.perf_counter() - began)
        client.follow(path)
        done.append(time.perf_counter() - began)
    return Latency(1000 * statistics.median(created), 1000 * statistics.median(done))


def poll(stack: Stack, path: str) -> float:
    """Give the milliseconds of a look at a task that waits."""
    client = Client(stack.port)
    return median(lambda: client.ask("GET", path))


def tasks_in_turn(stack: Stack) -> float:
    """Give the tasks per second of clients that create a task when the one before has ended."""

    def work(tasks: int) -> None:
        client = Client(stack.port)
        for _ in range(tasks):
            client.follow(client.create(), pause=_PAUSE)

    began = time.perf_counter()
    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(work, [BURST // _CLIENTS] * _CLIENTS))
    return BURST / (time.perf_counter() - began)


def tasks_in_a_burst(stack: Stack) -> float:
    """Give the tasks per second of clients that create all tasks first and then wait for them."""
    return BURST / at_once(stack, BURST).seconds


def at_once(stack: Stack, tasks: int, query: str = "", look: str = "") -> Load:
    """Create many tasks at once and wait for them. Raises RuntimeError if one of them fails."""

    def work(part: int) -> int:
        client = Client(stack.port)
        paths = [client.create(query) for _ in range(part)]
        for path in paths:
            client.follow(path, query=look, pause=_PAUSE)
        return client.asked - part

    parts = [tasks // _CLIENTS + (number < tasks % _CLIENTS) for number in range(_CLIENTS)]
    began = time.perf_counter()
    with ThreadPoolExecutor(_CLIENTS) as pool:
        looks = sum(pool.map(work, parts))
    return Load(time.perf_counter() - began, looks)


def memory(stack: Stack, windows: int) -> float:
    """Give the MiB that a window takes while it waits."""
    client = Client(stack.port)
    before = processes.memory(_family(stack))
    paths = [client.create(f"?count=2&wait={_WAITING}") for _ in range(windows)]
    deadline = time.monotonic() + _BEGIN
    while processes.names(_family(stack)).count("iostat") < windows:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{stack.name} does not wait for {windows} windows at once.")
        time.sleep(_PAUSE)
    taken = processes.memory(_family(stack)) - before
    for path in paths:
        client.follow(path, pause=1)
    return taken / windows


def requests_to_follow(stack: Stack, seconds: int, query: str, pause: float) -> int:
    """Count the requests that follow a new window to its result."""
    client = Client(stack.port)
    path = client.create(f"?count={seconds + 1}&wait=1")
    client.asked = 0
    client.follow(path, query=query, pause=pause)
    return client.asked


def median(ask: Callable[[], object]) -> float:
    """Give the median milliseconds of many calls."""
    taken = []
    for _ in range(_REQUESTS):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken)


def _family(stack: Stack) -> list[int]:
    return [pid for top in stack.pids for pid in processes.family(top)]
