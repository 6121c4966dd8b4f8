"""What requests and answers look like, as JSON Schema; the bounds are those of the code itself."""

from typing import Any

import msgspec

from chalicelib.settings import Settings
from chalicelib.tasks.model import CURSOR_PATTERN, State
from chalicelib.users import fields

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
STATE: Schema = {"type": "string", "enum": [str(state) for state in State]}
TASK_ID: Schema = {"type": "string", "format": "uuid"}
PLACE: Schema = {"type": "string", "pattern": CURSOR_PATTERN}
#: As forms spell it; in any case.
_FORM_FLAG: Schema = {
    "type": "string",
    "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01])$",
}
USERNAME: Schema = msgspec.json.schema(fields.RULES["username"])


def ref(name: str) -> Schema:
    """The schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(required: dict[str, Schema], **optional: Schema) -> Schema:
    """An object of these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def many(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


def or_null(schema: Schema) -> Schema:
    """What may be missing yet."""
    return {**schema, "type": [schema["type"], "null"]}


def between(least: int, most: int, default: int | None = None) -> Schema:
    """A whole number."""
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return schema if default is None else {**schema, "default": default}


def _user_fields() -> dict[str, Schema]:
    return {name: msgspec.json.schema(rule) for name, rule in fields.RULES.items()}


def all_of(limits: Settings) -> dict[str, Schema]:
    """Every schema by its name, for a stage with these limits."""
    given = _user_fields()
    window = {"count": between(1, limits.max_count), "wait": between(1, limits.max_wait)}
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
        "Health": record({"status": {"const": "ok"}}),
        "Uptime": record(
            {"uptime": TEXT},
            seconds=NUMBER,
            users=WHOLE,
            load={**many(NUMBER), "minItems": 3, "maxItems": 3},
            host=TEXT,
        ),
        "Window": {
            "type": "object",
            "properties": window,
            "additionalProperties": False,
            # An interval needs two reports.
            "dependentSchemas": {
                "wait": {
                    "properties": {"count": between(2, limits.max_count)},
                    "required": ["count"],
                }
            },
        },
        "Iostat": record({"iostat": TEXT}, reports=many(ref("Report"))),
        "Report": record(
            {"index": WHOLE, "at": TIME, "since_boot": FLAG, "devices": many(ref("Device"))}
        ),
        "Device": {
            "type": "object",
            "properties": {"device": TEXT},
            "required": ["device"],
            "additionalProperties": NUMBER,
        },
        "Created": record({"task_id": TASK_ID, **links}),
        "Task": record(
            {"task_id": TASK_ID, "state": STATE, **links},
            result={"oneOf": [TEXT, record({"iostat": TEXT})]},
            request=record(window),
            progress=record({"done": WHOLE, "of": WHOLE}),
            created_at=TIME,
            started_at=or_null(TIME),
            ended_at=or_null(TIME),
            expires_at=or_null(TIME),
            host=or_null(TEXT),
            source=or_null(TEXT),
            reports=many(ref("Report")),
            next=WHOLE,
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
                            "request": record(window),
                            **links,
                        }
                    )
                )
            },
            **links,
        ),
        "User": record({**user, **links}),
        "Users": record(
            {"users": {"anyOf": [many(USERNAME), many(ref("User"))]}},
            **links,
        ),
        "NewUser": record(
            {name: given[name] for name in fields.REQUIRED},
            admin={**given["admin"], "default": False},
        ),
        "NewUserForm": record({name: given[name] for name in fields.REQUIRED}, admin=_FORM_FLAG),
        "UserChanges": _changes(given),
        "UserChangesForm": _changes({**given, "admin": _FORM_FLAG}),
    }


def _changes(given: dict[str, Schema]) -> Schema:
    return {**record({}, **given), "minProperties": 1}
