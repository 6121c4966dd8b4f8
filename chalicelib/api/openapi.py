"""The OpenAPI 3.1 document, built from the same bounds and rules that the code checks with."""

import http
from typing import Any

from chalicelib.api import middleware, params, problems, reading, schemas
from chalicelib.api.schemas import Schema, between, ref
from chalicelib.settings import Settings

_JSON, _FORM, _PROBLEM = reading.JSON, reading.FORM, "application/problem+json"
#: The statuses of errors that every path may answer with.
_ANYWHERE = (400, 405, 500)


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
            "schemas": schemas.all_of(limits, user_fields),
            "securitySchemes": {"login": {"type": "http", "scheme": "basic"}},
        },
    }


def _paths(limits: Settings, username: Schema) -> dict[str, Any]:
    paths: dict[str, Any] = {
        "/": {"get": _get("The versions", "Index", headers=("Link",))},
        "/health": {
            "get": _get(
                "Whether the service answers",
                "Health",
                503,
                query=[_flag("deep")],
                headers=("Hoststat-Version",),
            )
        },
        "/openapi.json": {"get": _described()},
    }
    for version in ("v1", "v2", "v3"):
        paths |= _common(version, limits)
    for version in ("v2", "v3"):
        paths |= _tasks(version, limits, username)
    return paths | _users(username)


def _common(version: str, limits: Settings) -> dict[str, Any]:
    login = version == "v3"
    window = [
        _query("count", between(1, limits.max_count, 1), "Reports"),
        _query(
            "wait",
            between(1, limits.max_wait),
            "Seconds between two reports; needs a count of 2 or more",
        ),
        _flag("extended", "The columns of iostat -x"),
        _flag("cpu", "The CPU block of iostat -c as well"),
    ]
    beside = ("Link",) if login else ()
    found = {
        f"/{version}/": {"get": _get("What this version has", "Index", headers=beside)},
        f"/{version}/uptime/": {
            "get": _get("The host's uptime", "Uptime", login=login, query=[_flag("detail")])
        },
    }
    iostat = f"/{version}/iostat/"
    if version == "v1":
        at_once = _get("A window, measured at once", "Iostat", query=[*window, _flag("detail")])
        return {**found, iostat: {"get": at_once}}
    create: dict[str, Any] = {
        "statuses": (403, 429, 503),
        "login": login,
        "ok": "201",
        "headers": ("Location",),
    }
    body = _body("Window", {"count": 30, "wait": 1}, form="WindowForm", required=False)
    key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
    named = {"name": "Idempotency-Key", "in": "header", "schema": key}
    return {
        **found,
        iostat: {
            "get": _operation("Create a task", "Created", parameters=window, **create),
            "post": _operation(
                "Create a task",
                "Created",
                parameters=[*window, named],
                body=body,
                more=(409, 413, 415, 422),
                **create,
            ),
        },
    }


def _tasks(version: str, limits: Settings, username: Schema) -> dict[str, Any]:
    login = version == "v3"
    task_id = _in_path("task_id", schemas.TEXT)
    look = [
        _flag("detail"),
        _flag("text", "With detail=1: the text of each report as well"),
        _query("since", between(0, limits.max_count, 0), "Leave out the reports before this index"),
        _query("timeout", between(0, params.MAX_TIMEOUT, 0), "Seconds to wait for something new"),
    ]
    headers = ("Retry-After", "Link")
    show = _get("Look at a task", "Task", 404, 503, login=login, query=look, headers=headers)
    cancel = _operation("Cancel a task", None, statuses=(403, 404, 409, 503), login=login, ok="204")
    one = {"parameters": [task_id], "get": show, "delete": cancel}
    if not login:
        return {"/v2/task/": {"get": _no_list()}, f"/{version}/task/{{task_id}}": one}
    listing = [
        _query("limit", between(1, params.MAX_TASKS, params.TASKS), "Tasks in a page"),
        _query("state", schemas.STATE, "Only those in this state"),
        _query("owner", username, "Only tasks of this user, by the name at the time of the create"),
        _query("after", schemas.CURSOR, "Where the page begins: copy it from a next link"),
    ]
    list_all = _get("The tasks of v3, newest first", "Tasks", 503, login=True, query=listing)
    return {"/v3/task/": {"get": list_all}, f"/{version}/task/{{task_id}}": one}


def _users(username: Schema) -> dict[str, Any]:
    listing = [
        _query("limit", between(1, params.MAX_USERS, params.USERS), "Users in a page"),
        _flag("detail"),
        _query("after", username, "The last name of the page before"),
    ]
    new = _body("NewUser", schemas.NEW_USER, form="NewUserForm")
    changes = _body("UserChanges", {"fullname": "J. R. Luser"}, form="UserChangesForm")
    change: dict[str, Any] = {"login": True, "statuses": (403, 409, 503), "more": (413, 415)}
    deleted = _operation("Delete a user", None, statuses=(403, 404, 409, 503), login=True, ok="204")
    replaced = _operation("Replace or create a user", "User", body=new, **change)
    replaced["responses"]["201"] = _answer("User", ("Location",), "Created")
    changed = _operation("Change a user", "User", body=changes, **change)
    changed["responses"]["404"] = _problem(404)
    return {
        "/v3/users/": {
            "get": _get("The users by name", "Users", 503, login=True, query=listing),
            "post": _operation(
                "Create a user", "User", body=new, ok="201", headers=("Location",), **change
            ),
        },
        "/v3/users/{username}": {
            "parameters": [_in_path("username", schemas.TEXT)],
            "get": _get("Look at a user", "User", 404, 503, login=True),
            "put": replaced,
            "patch": changed,
            "delete": deleted,
        },
    }


def _no_list() -> dict[str, Any]:
    operation = _get("No list: v3 has one", "Tasks", 404)
    del operation["responses"]["200"]
    return operation


def _described() -> dict[str, Any]:
    operation = _operation("This description", None, statuses=(), login=False, ok="200")
    content = {_JSON: {"schema": {"type": "object"}, "example": {"openapi": "3.1.0"}}}
    operation["responses"]["200"] |= {"content": content}
    return operation


def _get(
    summary: str,
    schema: str,
    *statuses: int,
    login: bool = False,
    query: list[Schema] | None = None,
    headers: tuple[str, ...] = (),
) -> dict[str, Any]:
    return _operation(
        summary, schema, statuses=statuses, login=login, parameters=query, headers=headers
    )


def _operation(
    summary: str,
    schema: str | None,
    *,
    statuses: tuple[int, ...],
    login: bool,
    ok: str = "200",
    parameters: list[Schema] | None = None,
    body: Schema | None = None,
    more: tuple[int, ...] = (),
    headers: tuple[str, ...] = (),
) -> dict[str, Any]:
    wrong = {*_ANYWHERE, *statuses, *more, *((401, 429, 503) if login else ())}
    answers = {ok: _answer(schema, headers, http.HTTPStatus(int(ok)).phrase)}
    answers |= {str(status): _problem(status) for status in sorted(wrong)}
    found: dict[str, Any] = {"summary": summary, "responses": answers}
    if parameters:
        found["parameters"] = parameters
    if body:
        found["requestBody"] = body
    if login:
        found["security"] = [{"login": []}]
    return found


def _answer(schema: str | None, headers: tuple[str, ...], description: str) -> Schema:
    names = (*middleware.headers(""), *headers)
    answer: Schema = {
        "description": description,
        "headers": {name: {"schema": schemas.TEXT} for name in names},
    }
    if schema:
        answer["content"] = {_JSON: {"schema": ref(schema), "example": schemas.EXAMPLES[schema]}}
    return answer


def _problem(status: int) -> Schema:
    example = problems.problem(status, "One sentence that says why.").body
    names = problems.HEADERS.get(status, ())
    return {
        **_answer(None, names, problems.title(status)),
        "content": {_PROBLEM: {"schema": ref("Problem"), "example": example}},
    }


def _body(
    schema: str, example: Schema, *, form: str | None = None, required: bool = True
) -> Schema:
    content = {
        _JSON: {"schema": ref(schema), "example": example},
        _FORM: {"schema": ref(form or schema), "example": example},
    }
    return {"required": required, "content": content}


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _flag(name: str, description: str = "Say more") -> Schema:
    return _query(name, schemas.OPTION, description)


def _in_path(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}
