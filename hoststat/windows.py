"""Windows over there: they are begun, and found again by their ids."""

import re
import uuid
from typing import Any, NamedTuple

from hoststat.api import Api, item
from hoststat.errors import Problem, Usage
from hoststat.grammar import Asked
from hoststat.looks import Work

#: The most reports of a window, until the service says something else.
_MOST = 10_000
#: How a service says what is allowed: the seconds of a window, or the number of reports.
_BOUND = re.compile(r"at most (?P<seconds>\d+) s\b|count must be .* from \d+ to (?P<count>\d+)")
#: What an id looks like: a UUID, of a host's own task with its name before it.
_ID = re.compile(r"([a-z0-9-]+~)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: Statuses of a service that does not know what it is asked for.
_UNKNOWN = (400, 403, 404)


class Options(NamedTuple):
    """What to measure besides, and how long a host may take to begin (seconds)."""

    extended: bool
    cpu: bool
    start_within: int


def begin(api: Api, asked: Asked, options: Options) -> Work:
    """Begin a window, or a group of them; without a COUNT the longest that the service takes.

    A try whose answer was lost makes no second one. Raises Problem, Usage, Unreachable.
    """
    key, count = str(uuid.uuid4()), asked.count or _MOST
    while True:
        try:
            return _create(api, asked._replace(count=count), options, key)._replace(
                counted=asked.count is not None
            )
        except Problem as problem:
            fewer = _fewer(problem, asked.interval or 1, count)
            if asked.count is not None or fewer < 2:
                flags = "-x" * options.extended + "-c" * options.cpu
                raise explained(api, asked, problem, flags=flags) from problem
            count = fewer


def find(api: Api, task_id: str) -> Work:
    """Give the task or the group that has this id. Raises Problem, Usage, Unreachable."""
    try:
        return _find(api, task_id)
    except Problem as problem:
        if problem.status not in _UNKNOWN or _ID.fullmatch(task_id):
            raise
        lists = "`hoststat tasks` lists them."
        raise Usage(f"{task_id!r} is not the id of a task: {lists}") from problem


def _find(api: Api, task_id: str) -> Work:
    path = item(f"/{api.version}/task/", task_id)
    try:
        body = api.get(path).body
    except Problem as problem:
        if problem.status != 404 or "~" in task_id or api.version == "v2":
            raise
        path = item("/v3/group/", task_id)
        try:
            body = api.get(path).body
        except Problem as other:
            if other.status != 404:
                raise
            raise problem from other
    return Work(path, task_id, task_id, counted="state" in body, state=body.get("state", ""))


def _create(api: Api, asked: Asked, options: Options, key: str) -> Work:
    numbers: dict[str, Any] = {"count": asked.count}
    if asked.count != 1:
        numbers["wait"] = asked.interval
    numbers |= {name: True for name in ("extended", "cpu") if getattr(options, name)}
    if asked.hosts:
        numbers["start_within"] = options.start_within
    within = options.start_within if asked.hosts else None
    if asked.several:
        body = {"hosts": list(asked.hosts), **numbers}
        made = api.ask("POST", "/v3/group/", body=body, key=key).body["group_id"]
        return Work(item("/v3/group/", made), made, asked.name, start_within=within)
    query = {"host": asked.hosts[0], **numbers} if asked.hosts else numbers
    made = api.ask("POST", f"/{api.version}/iostat/", query, key=key).body["task_id"]
    path = item(f"/{api.version}/task/", made)
    return Work(path, made, asked.name, start_within=within)


def _fewer(problem: Problem, interval: int, count: int) -> int:
    """Give the most reports that a service takes, as its refusal says; 0 if it is about others."""
    bound = _BOUND.search(problem.detail) if problem.status == 400 else None
    if bound is None:
        return 0
    allowed = int(bound["count"] or int(bound["seconds"]) // interval + 1)
    return allowed if allowed < count else 0


def explained(api: Api, asked: Asked, problem: Problem, *, flags: str = "") -> Exception:
    """Give the error that says what a service lacks for hosts or for `flags`, or its own."""
    if problem.status not in _UNKNOWN:
        return problem
    older = "This service is older than this command and"
    if asked.hosts and not api.knows("/v3/hosts"):
        return Usage(f"{older} has no hosts: leave {asked.name} out to ask the service itself.")
    if asked.several and not api.knows("/v3/group"):
        return Usage(f"{older} takes one host at a time: name one, without * and ?.")
    for flag, name in (("-x", "extended"), ("-c", "cpu")):
        if flag in flags and not api.knows(f"/{api.version}/iostat", name):
            return Usage(f"{older} does not know {flag}.")
    if problem.status == 404 and asked.hosts:
        return Usage(f"{problem.detail} `hoststat hosts` lists the hosts.")
    return problem
