"""The OpenAPI 3.1 document, built from the same bounds and rules that the code checks with."""

from typing import Any

from chalicelib.api import (
    group_paths,
    group_schemas,
    host_paths,
    host_schemas,
    operations,
    page_paths,
    params,
    reading,
    schemas,
)
from chalicelib.api.schemas import Schema, between
from chalicelib.settings import Settings


def document(limits: Settings, prefix: str, user_fields: dict[str, Schema]) -> dict[str, Any]:
    """Give the document for a stage with these limits, whose paths begin with `prefix`.

    `user_fields` are the rules of a user's fields as JSON Schemas, by field.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "hoststat",
            "version": "3",
            "summary": "A host's uptime and iostat on HTTP",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": prefix or "/"}],
        "paths": _paths(limits, user_fields["username"]),
        "components": {
            "schemas": schemas.all_of(limits, user_fields)
            | host_schemas.all_of(limits)
            | group_schemas.all_of(limits),
            "securitySchemes": {"login": {"type": "http", "scheme": "basic"}},
        },
    }


def _paths(limits: Settings, username: Schema) -> dict[str, Any]:
    paths = page_paths.paths()
    paths |= {
        "/health": {
            "get": operations.get(
                "Whether the service answers",
                "Health",
                503,
                query=[operations.flag("deep")],
                headers=("Hoststat-Version",),
            )
        },
        "/openapi.json": {"get": _described()},
    }
    for version in ("v1", "v2", "v3"):
        paths |= _common(version, limits)
    for version in ("v2", "v3"):
        paths |= _tasks(version, limits, username)
    return paths | _users(username) | host_paths.paths() | group_paths.paths()


def _common(version: str, limits: Settings) -> dict[str, Any]:
    login = version == "v3"
    if login:
        # Hosts may take longer than Lambda.
        limits = limits.for_hosts()
    window = [
        operations.query("count", between(1, limits.max_count, 1), "Reports"),
        operations.query(
            "wait",
            between(1, limits.max_wait),
            "Seconds between two reports; needs a count of 2 or more",
        ),
        operations.flag("extended", "The columns of iostat -x"),
        operations.flag("cpu", "The CPU block of iostat -c as well"),
        *(host_paths.of_task() if login else []),
    ]
    beside = ("Link",) if login else ()
    host = [host_paths.host("Of which host; without it of the one that answers")] if login else []
    found = {
        f"/{version}/": {"get": operations.get("What this version has", "Index", headers=beside)},
        f"/{version}/uptime/": {
            "get": operations.get(
                "The host's uptime",
                "Uptime",
                *((404, 504) if login else ()),
                login=login,
                query=[operations.flag("detail"), *host],
            )
        },
    }
    iostat = f"/{version}/iostat/"
    if version == "v1":
        at_once = operations.get(
            "A window, measured at once", "Iostat", query=[*window, operations.flag("detail")]
        )
        return {**found, iostat: {"get": at_once}}
    create: dict[str, Any] = {
        "statuses": (403, 429, 503, *((404,) if login else ())),
        "login": login,
        "ok": "201",
        "headers": ("Location",),
    }
    schema, form = ("HostWindow", "HostWindowForm") if login else ("Window", "WindowForm")
    body = operations.body(schema, {"count": 30, "wait": 1}, form=form, required=False)
    return {
        **found,
        iostat: {
            "get": operations.operation("Create a task", "Created", parameters=window, **create),
            "post": operations.operation(
                "Create a task",
                "Created",
                parameters=[*window, operations.idempotency_key()],
                body=body,
                more=(409, 413, 415, 422),
                **create,
            ),
        },
    }


def _tasks(version: str, limits: Settings, username: Schema) -> dict[str, Any]:
    login = version == "v3"
    task_id = operations.in_path("task_id", schemas.TEXT)
    look = [
        operations.flag("detail"),
        operations.flag("text", "With detail=1: the text of each report as well"),
        operations.query(
            "since", between(0, limits.max_count, 0), "Leave out the reports before this index"
        ),
        operations.query(
            "timeout", between(0, params.MAX_TIMEOUT, 0), "Seconds to wait for something new"
        ),
    ]
    headers = ("Retry-After", "Link")
    show = operations.get(
        "Look at a task", "Task", 404, 503, login=login, query=look, headers=headers
    )
    cancel = operations.operation(
        "Cancel a task", None, statuses=(403, 404, 409, 503), login=login, ok="204"
    )
    one = {"parameters": [task_id], "get": show, "delete": cancel}
    if not login:
        return {"/v2/task/": {"get": _no_list()}, f"/{version}/task/{{task_id}}": one}
    listing = [
        operations.query("limit", between(1, params.MAX_TASKS, params.TASKS), "Tasks in a page"),
        operations.query("state", schemas.STATE, "Only those in this state"),
        operations.query(
            "owner", username, "Only tasks of this user, by the name at the time of the create"
        ),
        host_paths.host("Only tasks for this host"),
        operations.query(
            "after", schemas.CURSOR, "Where the page begins: copy it from a next link"
        ),
    ]
    list_all = operations.get(
        "The tasks of v3, newest first", "Tasks", 503, login=True, query=listing
    )
    return {"/v3/task/": {"get": list_all}, f"/{version}/task/{{task_id}}": one}


def _users(username: Schema) -> dict[str, Any]:
    listing = [
        operations.query("limit", between(1, params.MAX_USERS, params.USERS), "Users in a page"),
        operations.flag("detail"),
        operations.query("after", username, "The last name of the page before"),
    ]
    new = operations.body("NewUser", schemas.NEW_USER, form="NewUserForm")
    changes = operations.body("UserChanges", {"fullname": "J. R. Luser"}, form="UserChangesForm")
    change: dict[str, Any] = {"login": True, "statuses": (403, 409, 503), "more": (413, 415)}
    deleted = operations.operation(
        "Delete a user", None, statuses=(403, 404, 409, 503), login=True, ok="204"
    )
    replaced = operations.operation("Replace or create a user", "User", body=new, **change)
    replaced["responses"]["201"] = operations.answer("User", ("Location",), "Created")
    changed = operations.operation("Change a user", "User", body=changes, **change)
    changed["responses"]["404"] = operations.problem(404)
    return {
        "/v3/users/": {
            "get": operations.get("The users by name", "Users", 503, login=True, query=listing),
            "post": operations.operation(
                "Create a user", "User", body=new, ok="201", headers=("Location",), **change
            ),
        },
        "/v3/users/{username}": {
            "parameters": [operations.in_path("username", schemas.TEXT)],
            "get": operations.get("Look at a user", "User", 404, 503, login=True),
            "put": replaced,
            "patch": changed,
            "delete": deleted,
        },
    }


def _no_list() -> dict[str, Any]:
    operation = operations.get("No list: v3 has one", "Tasks", 404)
    del operation["responses"]["200"]
    return operation


def _described() -> dict[str, Any]:
    operation = operations.operation("This description", None, statuses=(), login=False, ok="200")
    content = {reading.JSON: {"schema": {"type": "object"}, "example": {"openapi": "3.1.0"}}}
    operation["responses"]["200"] |= {"content": content}
    return operation
