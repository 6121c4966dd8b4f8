"""Requests and answers as JSON Schemas with the bounds of the code, and an example of each."""

from typing import Any

from chalicelib.settings import Settings
from chalicelib.tasks import cursor, task_ids
from chalicelib.tasks.model import State
from chalicelib.users import model as users

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
#: A yes or no in a query or a form.
OPTION: Schema = {"type": "integer", "enum": [0, 1], "default": 0}
STATE: Schema = {"type": "string", "enum": [str(state) for state in State]}
TASK_ID: Schema = {"type": "string", "pattern": f"^{task_ids.PATTERN}$"}
CURSOR: Schema = {"type": "string", "pattern": cursor.PATTERN}
#: A boolean as a form writes it, in any case.
_FORM_FLAG: Schema = {
    "type": "string",
    "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$",
}

_ID = "4bb22c5a-99f8-4716-8007-cf289e6b8666"
_USER = {
    "username": "jluser",
    "fullname": "J. Random Luser",
    "admin": False,
    "links": [{"rel": "self", "href": "/v3/users/jluser"}],
}
NEW_USER = {"username": "jluser", "fullname": "J. Random Luser", "password": "a long password"}
#: An example of each answer.
EXAMPLES: dict[str, Any] = {
    "Index": {"links": [{"rel": "uptime", "href": "/v2/uptime/"}]},
    "Health": {"status": "ok"},
    "Uptime": {"uptime": "20:16:57 up 14 days,  7:33,  2 users,  load average: 0.58, 0.25, 0.14"},
    "Iostat": {"iostat": "Linux 6.1.0 (web-1) …"},
    "Created": {"task_id": _ID, "links": [{"rel": "task", "href": f"/v2/task/{_ID}"}]},
    "Task": {
        "task_id": _ID,
        "state": "STARTED",
        "links": [
            {"rel": "self", "href": f"/v2/task/{_ID}"},
            {"rel": "cancel", "method": "DELETE", "href": f"/v2/task/{_ID}"},
        ],
    },
    "Tasks": {
        "tasks": [
            {
                "task_id": _ID,
                "state": "SUCCESS",
                "created_at": "2026-11-22T10:00:00Z",
                "owner": "jluser",
                "request": {"count": 30, "wait": 1},
                "links": [{"rel": "self", "href": f"/v3/task/{_ID}"}],
            }
        ]
    },
    "User": _USER,
    "Users": {"users": ["jluser", "stpierre"]},
}


def ref(name: str) -> Schema:
    """Refer to the schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(required: dict[str, Schema], **optional: Schema) -> Schema:
    """Give the schema of an object with these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def many(items: Schema) -> Schema:
    """Give the schema of a list of `items`."""
    return {"type": "array", "items": items}


def or_null(schema: Schema) -> Schema:
    """Give `schema` with null allowed, too."""
    return {**schema, "type": [schema["type"], "null"]}


def between(least: int, most: int, default: int | None = None) -> Schema:
    """Give the schema of a whole number from `least` to `most`, both included."""
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return schema if default is None else {**schema, "default": default}


def all_of(limits: Settings, given: dict[str, Schema]) -> dict[str, Schema]:
    """Give every schema by name, for a stage with these limits.

    `given` are the schemas of a user's fields, by field.
    """
    asked = _request(limits)
    user = {name: it for name, it in given.items() if name != "password"}
    links = {"links": many(ref("Link"))}
    return {
        "Problem": record(
            {
                "type": {"type": "string", "format": "uri-reference"},
                "title": TEXT,
                "status": between(400, 599),
                "detail": TEXT,
                "msg": TEXT,
            }
        ),
        "Link": record(
            {"rel": TEXT, "href": {"type": "string", "format": "uri-reference"}}, method=TEXT
        ),
        "Index": record(links),
        "Health": record({"status": {"const": "ok"}}, workers=WHOLE),
        "Uptime": record(
            {"uptime": TEXT},
            seconds=NUMBER,
            users=WHOLE,
            load={**many(NUMBER), "minItems": 3, "maxItems": 3},
            host=TEXT,
        ),
        "Window": window(limits, extended=FLAG, cpu=FLAG),
        "WindowForm": window(limits, extended=OPTION, cpu=OPTION),
        "Iostat": record({"iostat": TEXT}, reports=many(ref("Report"))),
        "Report": report(),
        "Device": {
            "type": "object",
            "properties": {"device": TEXT},
            "required": ["device"],
            "additionalProperties": NUMBER,
        },
        "Created": record({"task_id": TASK_ID, **links}),
        "Task": record(
            {"task_id": TASK_ID, "state": STATE, **links},
            result={"oneOf": [TEXT, record({"iostat": TEXT}), record({"uptime": TEXT})]},
            request=asked,
            progress=record({"done": WHOLE, "of": WHOLE}),
            created_at=TIME,
            started_at=or_null(TIME),
            ended_at=or_null(TIME),
            expires_at=or_null(TIME),
            host=or_null(TEXT),
            source=or_null(TEXT),
            reports=many(ref("Report")),
            next=WHOLE,
            waiting=TEXT,
        ),
        "Tasks": record(
            {
                "tasks": many(
                    record(
                        {
                            "task_id": TASK_ID,
                            "state": STATE,
                            "created_at": TIME,
                            "owner": TEXT,
                            "request": asked,
                            **links,
                        }
                    )
                )
            },
            **links,
        ),
        "User": record({**user, **links}),
        "Users": record(
            {"users": {"anyOf": [many(given["username"]), many(ref("User"))]}},
            **links,
        ),
        "NewUser": record(
            {name: given[name] for name in users.REQUIRED},
            admin={**given["admin"], "default": False},
        ),
        "NewUserForm": record({name: given[name] for name in users.REQUIRED}, admin=_FORM_FLAG),
        "UserChanges": _changes(given),
        "UserChangesForm": _changes({**given, "admin": _FORM_FLAG}),
    }


def report(**more: Schema) -> Schema:
    """Give the schema of a report, which has these members as well."""
    numbers = {"type": "object", "additionalProperties": NUMBER}
    return record(
        {
            **more,
            "index": WHOLE,
            "at": or_null(TIME),
            "since_boot": FLAG,
            "devices": many(ref("Device")),
        },
        cpu={"oneOf": [numbers, {"type": "null"}]},
        text=TEXT,
    )


def window(limits: Settings, **more: Schema) -> Schema:
    """Give the schema of a window that a create asks for, with these members as well."""
    # `wait` makes sense only between two reports.
    two = {"properties": {"count": between(2, limits.max_count)}, "required": ["count"]}
    return {**record({}, **_numbers(limits), **more), "dependentSchemas": {"wait": two}}


def _numbers(limits: Settings) -> dict[str, Schema]:
    return {"count": between(1, limits.max_count), "wait": between(1, limits.max_wait)}


def _request(limits: Settings) -> Schema:
    """Give the schema of what a task was asked for: a window, or the uptime of a host."""
    host = {"host": TEXT, "start_by": TIME}
    options: dict[str, Schema] = {"extended": {"const": True}, "cpu": {"const": True}}
    asked = record(_numbers(limits.for_hosts()), **options, **host)
    return {"oneOf": [asked, record({"what": {"const": "uptime"}, **host})]}


def _changes(given: dict[str, Schema]) -> Schema:
    return {**record({}, **given), "minProperties": 1}
