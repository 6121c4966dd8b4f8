"""Answers about hosts as JSON Schemas, and an example of each."""

from typing import Any

from chalicelib.api import schemas
from chalicelib.api.schemas import NUMBER, TEXT, TIME, WHOLE, Schema, between, many, or_null, ref
from chalicelib.hosts import model
from chalicelib.hosts.model import HostState
from chalicelib.settings import Settings
from chalicelib.tasks.host_tasks import LEAST_START, MOST_START, START_SECONDS

NAME: Schema = {"type": "string", "pattern": model.NAME}
START_WITHIN: Schema = between(LEAST_START, MOST_START, START_SECONDS)
STATE: Schema = {"type": "string", "enum": [str(state) for state in HostState]}
_SHOWN = {
    "host": "web-1",
    "state": "online",
    "added_at": "2026-11-22T10:00:00Z",
    "seen_at": "2026-11-28T10:00:00Z",
    "node": "web-1.example.com",
    "system": "Linux 6.18.44 x86_64",
    "cpus": 2,
    "source": "iostat",
    "version": "0.2.0",
    "uptime": "20:16:57 up 14 days,  7:33,  2 users,  load average: 0.58, 0.25, 0.14",
    "load": [0.58, 0.25, 0.14],
    "windows": 3,
    "busiest": {"device": "vda", "util": 12.5},
    "clock_off_s": 0.2,
    "problem": None,
    "links": [
        {"rel": "self", "href": "/v3/hosts/web-1"},
        {"rel": "uptime", "href": "/v3/uptime/?host=web-1"},
        {"rel": "iostat", "href": "/v3/iostat/?host=web-1"},
    ],
}
EXAMPLES: dict[str, Any] = {
    "Host": _SHOWN,
    "Hosts": {"hosts": ["db-1", "web-1"]},
}


def all_of(limits: Settings) -> dict[str, Schema]:
    """Give every schema about hosts by name, for a stage with these limits."""
    links = {"links": many(ref("Link"))}
    busiest = schemas.record({"device": TEXT, "util": NUMBER})
    return {
        "Host": schemas.record(
            {
                "host": NAME,
                "state": STATE,
                "added_at": TIME,
                "seen_at": or_null(TIME),
                "node": or_null(TEXT),
                "system": or_null(TEXT),
                "cpus": or_null(WHOLE),
                "source": or_null(TEXT),
                "version": or_null(TEXT),
                "uptime": or_null(TEXT),
                "load": or_null({**many(NUMBER), "minItems": 3, "maxItems": 3}),
                "windows": or_null(WHOLE),
                "busiest": or_null(busiest),
                "clock_off_s": or_null(NUMBER),
                "problem": or_null(TEXT),
                **links,
            }
        ),
        "Hosts": schemas.record({"hosts": {"anyOf": [many(NAME), many(ref("Host"))]}}, **links),
        "HostWindow": _window(limits.for_hosts(), schemas.FLAG),
        "HostWindowForm": _window(limits.for_hosts(), schemas.OPTION),
        "NoFields": schemas.record({}),
    }


def _window(limits: Settings, option: Schema) -> Schema:
    """Give the schema of a window that a host may be asked for."""
    more = {"extended": option, "cpu": option, "host": NAME, "start_within": START_WITHIN}
    window = schemas.window(limits, **more)
    # Any worker begins a task of no host at once.
    within = {"start_within": {"required": ["host"]}}
    return {**window, "dependentSchemas": {**window["dependentSchemas"], **within}}
