"""What strangers can cost in a month: list prices, and how often the template lets them ask."""

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import app
from chalicelib.api import page
from chalicelib.api.access import Access
from chalicelib.hosts.attendance import MOST
from chalicelib.settings import Settings
from chalicelib.tasks.page import MAX_BYTES
from tests.support.asking import ask

#: List prices of us-east-1 in US dollars: of a request to API Gateway, an invocation of Lambda, a
#: second of a GB of memory, a GB of logs and of egress, units of DynamoDB, a message of SQS.
_REQUEST, _INVOCATION, _GB_SECOND = 3.5e-6, 0.2e-6, 1 / 60_000
_LOGS, _EGRESS, _WRITE, _READ, _MESSAGE = 0.5, 0.09, 0.625e-6, 0.125e-6, 0.4e-6
_MONTH = 30 * 86_400
_GB = 1e9

#: Bytes of an answer, and of the lines of all logs for one request.
_ANSWER, _LINES = 4_000, 2_000
#: Bytes of a report, and how often an answer may say them: as text, twice, and as numbers.
_REPORT, _SAID = 2_000, 5
#: Seconds that an answer takes at the longest; a login that is wrong hashes a password, and a look
#: at a task takes so much longer if it reads as many reports as fit on a page.
_SECONDS, _UPTIME, _LOGIN, _PAGE = 0.1, 0.2, 0.15, 1
#: Bytes that DynamoDB reads for a unit, and the units that a wrong login reads and writes.
_OF_A_UNIT, _LOGIN_READS, _LOGIN_WRITES = 4096, 4, 2
#: The method of v2 whose answers are as long as a page, and the path on which tasks are made.
_LOOK, _CREATE = ("GET", "/v2/task/{task_id}"), "/v2/iostat"
#: The files of the page, which come out of no table.
_PAGES = "/page"
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


def methods(settings: Sequence[Mapping[str, Any]]) -> Iterator[Method]:
    """Give every method of the API as a template throttles it."""
    throttles = {(it["HttpMethod"], it["ResourcePath"]): it for it in settings}
    for path, views in app.app.routes.items():
        for verb, entry in views.items():
            # CloudFormation wants ``~1`` for a slash within a path.
            own = verb, "/" + path.replace("/", "~1")
            found = throttles.pop(own, throttles["*", "/*"])
            rate, burst = found["ThrottlingRateLimit"], found["ThrottlingBurstLimit"]
            yield Method(verb, path, vars(entry.view_function)["access"], rate, burst)
    assert set(throttles) == {("*", "/*")}


def seconds(method: Method, settings: Settings) -> float:
    """Give how long a stranger's request may keep a function busy."""
    if method.access > Access.OPEN:
        return _LOGIN
    if method.path == "/v1/iostat":
        return settings.sync_seconds + _LATE
    if method.path.endswith("/uptime"):
        return _UPTIME
    if (method.verb, method.path) == _LOOK:
        whole = _size(method, settings) / MAX_BYTES
        return _SECONDS + _PAGE * whole + settings.open_hold_seconds
    return _SECONDS


def _size(method: Method, settings: Settings) -> int:
    """Give the bytes of the longest answer that a stranger can get."""
    if (method.verb, method.path) == _LOOK:
        reports = settings.for_strangers().max_window + 1
        return min(MAX_BYTES, reports * _REPORT * _SAID)
    if method.path.startswith(_PAGES):
        return max(len(text.encode()) for text in page.files().texts.values())
    return _description() if method.path == "/openapi.json" else _ANSWER


@functools.cache
def _description() -> int:
    """Give the bytes of the OpenAPI document, which grows with the API."""
    return len(ask("GET", "/openapi.json").text)


def _units(method: Method, settings: Settings) -> float:
    """Give what DynamoDB and SQS cost for one request of a stranger."""
    if method.access > Access.OPEN:
        return _LOGIN_READS * _READ + _LOGIN_WRITES * _WRITE
    if method.path.startswith(_PAGES):
        return 0
    if method.path == "/health":
        # With deep=1 it reads a task, two lists, and the rows of hosts and of other workers.
        return (3 + 2 * MOST) * _READ
    if method.path == _CREATE:
        return _WRITES * _WRITE + _READS * _READ + _MESSAGES * _MESSAGE
    return (1 + _size(method, settings) / _OF_A_UNIT) * _READ


def _of_a_request(method: Method, settings: Settings, parts: Any) -> float:
    memory: float = parts["APIHandler"]["MemorySize"] / 1024
    of_lambda = _INVOCATION + seconds(method, settings) * memory * _GB_SECOND
    size = _size(method, settings)
    bytes_ = size / _GB * _EGRESS + _LINES / _GB * _LOGS
    return _REQUEST + of_lambda + bytes_ + _units(method, settings)


def _of_a_workers_second(parts: Any) -> float:
    memory: float = parts["RunOpenIostat"]["MemorySize"] / 1024
    return memory * _GB_SECOND + _WORKER_WRITES * _WRITE


def of_all_strangers(asked: Sequence[Method], settings: Settings, parts: Any) -> float:
    """Give the dollars of a month in which strangers ask for all that every method lets in."""
    requests = sum(it.rate * _of_a_request(it, settings, parts) for it in asked) * _MONTH
    workers: int = parts["RunOpenIostat"]["ReservedConcurrentExecutions"]["Fn::If"][1]
    measured = workers * _of_a_workers_second(parts) * _MONTH
    return requests + measured + settings.open_tasks * _READ * _SWEEPS


def of_one_address(asked: Sequence[Method], settings: Settings, parts: Any) -> float:
    """Give the same for a month in which one address asks for all that AWS WAF lets in.

    AWS WAF's own fee is not in it. The rules count sets of requests of which each is within the
    next one, so the worst month takes the dearest requests first.
    """
    left = {
        it["Name"]: statement["Limit"] / statement["EvaluationWindowSec"]
        for it in parts["Firewall"]["Rules"]
        for statement in [it["Statement"]["RateBasedStatement"]]
    }
    scopes = {
        it["Name"]: it["Statement"]["RateBasedStatement"].get("ScopeDownStatement")
        for it in parts["Firewall"]["Rules"]
    }
    of_a_window = settings.for_strangers().max_window * _of_a_workers_second(parts)
    dear = [
        (_of_a_request(it, settings, parts) + (of_a_window if it.path == _CREATE else 0), it)
        for it in asked
    ]
    total = settings.open_tasks_per_source * _READ * _SWEEPS
    for cost, method in sorted(dear, reverse=True):
        counted = [name for name in scopes if counts(scopes[name], f"/api{method.path}")]
        rate = min([method.rate, *(left[name] for name in counted)])
        for name in counted:
            left[name] -= rate
        total += rate * cost * _MONTH
    return total


def counts(scope: Any, path: str) -> bool:
    """Tell whether a rule with this scope counts a request for a path, as AWS WAF evaluates it."""
    if scope is None:
        return True
    ((kind, of),) = scope.items()
    evaluate: dict[str, Callable[[], bool]] = {
        "NotStatement": lambda: not counts(of["Statement"], path),
        "AndStatement": lambda: all(counts(it, path) for it in of["Statements"]),
        "RegexMatchStatement": lambda: re.search(of["RegexString"], path) is not None,
        "ByteMatchStatement": lambda: of["SearchString"] in path,
    }
    return evaluate[kind]()
