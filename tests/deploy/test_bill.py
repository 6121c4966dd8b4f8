"""What strangers can cost in a month, and take of what users need, computed from the template."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

import app
from chalicelib.api.access import Access
from chalicelib.settings import Settings
from chalicelib.tasks import page

#: List prices of us-east-1 in US dollars: of a request to API Gateway, an invocation of Lambda, a
#: second of a GB of memory, a GB of logs and of egress, units of DynamoDB, a message of SQS.
_REQUEST, _INVOCATION, _GB_SECOND = 3.5e-6, 0.2e-6, 1 / 60_000
_LOGS, _EGRESS, _WRITE, _READ, _MESSAGE = 0.5, 0.09, 0.625e-6, 0.125e-6, 0.4e-6
_MONTH = 30 * 86_400
_GB = 1e9

#: Bytes of an answer, and of the lines of all logs for one request.
_ANSWER, _LINES = 4_000, 2_000
_DESCRIPTION = 91_000
#: Seconds that an answer takes at the longest; a login that is wrong hashes a password, and a look
#: at a task may read as many reports as fit on a page.
_SECONDS, _UPTIME, _LOGIN, _PAGE = 0.1, 0.2, 0.15, 1
#: Bytes that DynamoDB reads for a unit, and the units that a wrong login reads and writes.
_OF_A_UNIT, _LOGIN_READS, _LOGIN_WRITES = 4096, 4, 2
#: The method of v2 whose answers are as long as a page.
_LOOK = "GET", "/v2/task/{task_id}"
#: A window of v1 is measured while its caller waits, and may come that much later.
_LATE = 3
#: Units and messages of a task of v2 from its create to its end, its hints among them.
_WRITES, _READS, _MESSAGES = 3 + 2 + 4, 3, 4
#: Units that a worker writes each second, for reports of 2 KB; and sweeps a month.
_WORKER_WRITES, _SWEEPS = 4, 30 * 24 * 60


class Method(NamedTuple):
    """A method of the API: who may use it, and how often it lets a stranger in, per second."""

    verb: str
    path: str
    access: Access
    rate: float
    burst: int


@pytest.fixture(scope="module")
def methods(parts: Any) -> list[Method]:
    """Give every method of the API as the template throttles it."""
    return list(_methods(parts["RestAPI"]["MethodSettings"]))


def _methods(settings: list[dict[str, Any]]) -> Iterator[Method]:
    throttles = {(it["HttpMethod"], it["ResourcePath"]): it for it in settings}
    for path, views in app.app.routes.items():
        for verb, entry in views.items():
            # CloudFormation wants ``~1`` for a slash within a path.
            own = verb, "/" + path.replace("/", "~1")
            found = throttles.pop(own, throttles["*", "/*"])
            rate, burst = found["ThrottlingRateLimit"], found["ThrottlingBurstLimit"]
            yield Method(verb, path, vars(entry.view_function)["access"], rate, burst)
    assert set(throttles) == {("*", "/*")}


@pytest.fixture(scope="module")
def settings(environ: dict[str, str]) -> Settings:
    return Settings.from_env(environ)


def seconds(method: Method, settings: Settings) -> float:
    """Give how long a stranger's request may keep a function busy."""
    if method.access > Access.OPEN:
        return _LOGIN
    if method.path == "/v1/iostat":
        return settings.sync_seconds + _LATE
    if method.path.endswith("/uptime"):
        return _UPTIME
    if (method.verb, method.path) == _LOOK:
        return _PAGE + settings.open_hold_seconds
    return _SECONDS


def size(method: Method) -> int:
    """Give the bytes of the longest answer that a stranger can get."""
    if (method.verb, method.path) == _LOOK:
        return page.MAX_BYTES
    return _DESCRIPTION if method.path == "/openapi.json" else _ANSWER


def units(method: Method) -> float:
    """Give what DynamoDB and SQS cost for one request of a stranger."""
    if method.access > Access.OPEN:
        return _LOGIN_READS * _READ + _LOGIN_WRITES * _WRITE
    if method.path == "/v2/iostat":
        return _WRITES * _WRITE + _READS * _READ + _MESSAGES * _MESSAGE
    return (1 + size(method) / _OF_A_UNIT) * _READ


def dollars(methods: list[Method], settings: Settings, parts: Any) -> float:
    """Give what a month costs in which strangers ask for all that every method lets in."""
    memory = parts["APIHandler"]["MemorySize"] / 1024
    total = 0.0
    for method in methods:
        of_one = _REQUEST + _INVOCATION + seconds(method, settings) * memory * _GB_SECOND
        of_one += size(method) / _GB * _EGRESS + _LINES / _GB * _LOGS + units(method)
        total += of_one * method.rate * _MONTH
    worker = parts["RunOpenIostat"]
    workers: int = worker["ReservedConcurrentExecutions"]["Fn::If"][1]
    of_a_second = worker["MemorySize"] / 1024 * _GB_SECOND + _WORKER_WRITES * _WRITE
    swept = settings.open_tasks * _READ * _SWEEPS
    return total + float(workers * of_a_second * _MONTH) + swept


def test_a_strangers_month_costs_less_than_1000_dollars(
    methods: list[Method], settings: Settings, parts: Any
) -> None:
    assert dollars(methods, settings, parts) < 1000


def test_the_bound_would_notice_a_held_answer_and_a_wider_throttle(
    methods: list[Method], settings: Settings, parts: Any
) -> None:
    held = settings._replace(open_hold_seconds=20)
    assert dollars(methods, held, parts) > 1000
    wider = [it._replace(rate=2 * it.rate) for it in methods]
    assert dollars(wider, settings, parts) > 1000


def test_users_keep_half_of_the_api_whatever_strangers_do(
    methods: list[Method], settings: Settings, parts: Any
) -> None:
    reserved = parts["APIHandler"]["ReservedConcurrentExecutions"]["Fn::If"][1]
    taken = sum(
        it.burst + it.rate * seconds(it, settings) for it in methods if it.access is Access.OPEN
    )
    assert taken <= reserved / 2


def test_what_users_do_most_is_throttled_least(methods: list[Method]) -> None:
    rates = {(it.verb, it.path): it.rate for it in methods}
    look = rates.pop(("GET", "/v3/task/{task_id}"))
    assert look > max(rates.values())
    of_anybody = [it.rate for it in methods if it.access is Access.OPEN]
    assert max(of_anybody) < rates["POST", "/v3/iostat"]
