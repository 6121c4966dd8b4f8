"""Requests and answers about groups as JSON Schemas, and an example of each."""

from typing import Any

from chalicelib.api import host_schemas, schemas
from chalicelib.api.schemas import (
    FLAG,
    NUMBER,
    STATE,
    TEXT,
    TIME,
    WHOLE,
    Schema,
    many,
    or_null,
    record,
    ref,
)
from chalicelib.hosts import model
from chalicelib.settings import Settings
from chalicelib.tasks import progress
from chalicelib.tasks.model import State

_ID = "4bb22c5a-99f8-4716-8007-cf289e6b8666"
_PATH = f"/v3/group/{_ID}"
_UUID: Schema = {"type": "string", "format": "uuid"}
PROGRESS: Schema = {"type": "string", "pattern": progress.PATTERN}
NEW_GROUP = {"hosts": ["web-*", "db-1"], "count": 30, "wait": 1, "start_within": 600}
EXAMPLES: dict[str, Any] = {
    "CreatedGroup": {"group_id": _ID, "links": [{"rel": "group", "href": _PATH}]},
    "Group": {
        "group_id": _ID,
        "state": "STARTED",
        "counts": {"hosts": 1, **dict.fromkeys(State, 0), "STARTED": 1},
        "tasks": [
            {
                "host": "web-1",
                "task_id": f"web-1~{_ID}",
                "state": "STARTED",
                "links": [{"rel": "self", "href": f"/v3/task/web-1~{_ID}"}],
            }
        ],
        "links": [
            {"rel": "self", "href": _PATH},
            {"rel": "cancel", "method": "DELETE", "href": _PATH},
        ],
    },
}


def all_of(limits: Settings) -> dict[str, Schema]:
    """Give every schema about groups by name, for a stage with these limits."""
    links = {"links": many(ref("Link"))}
    task = record({"host": TEXT, "task_id": schemas.TASK_ID, "state": STATE, **links}, why=TEXT)
    hosts = many({"type": "string", "pattern": model.GLOB})
    window = schemas.window(
        limits.for_hosts(),
        extended=FLAG,
        cpu=FLAG,
        hosts={**hosts, "minItems": 1, "maxItems": limits.max_hosts},
        what={"enum": ["iostat", "uptime"], "default": "iostat"},
        start_within=host_schemas.START_WITHIN,
    )
    return {
        "NewGroup": {**window, "required": ["hosts"]},
        "CreatedGroup": record({"group_id": _UUID, **links}),
        "Group": record(
            {
                "group_id": _UUID,
                "state": STATE,
                "counts": record({"hosts": WHOLE, **dict.fromkeys(State, WHOLE)}),
                "tasks": many(task),
                **links,
            },
            no_answer=many(TEXT),
            reports=many({"oneOf": [ref("HostReport"), ref("HostUptime")]}),
            next=PROGRESS,
        ),
        "HostReport": schemas.report(host=TEXT),
        "HostUptime": record(
            {
                "host": TEXT,
                "index": WHOLE,
                "at": or_null(TIME),
                "uptime": or_null(TEXT),
                "seconds": or_null(NUMBER),
                "users": or_null(WHOLE),
                "load": or_null({**many(NUMBER), "minItems": 3, "maxItems": 3}),
            },
            text=TEXT,
        ),
    }
