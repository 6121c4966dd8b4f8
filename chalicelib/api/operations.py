"""The pieces of the OpenAPI document: operations, their parameters, bodies and answers."""

import http
from typing import Any

from chalicelib.api import group_schemas, host_schemas, middleware, problems, reading, schemas
from chalicelib.api.schemas import Schema, ref

_JSON, _FORM, _PROBLEM = reading.JSON, reading.FORM, "application/problem+json"
#: The statuses of errors that every path may answer with.
_ANYWHERE = (400, 405, 500)
_EXAMPLES = {**schemas.EXAMPLES, **host_schemas.EXAMPLES, **group_schemas.EXAMPLES}


def get(
    summary: str,
    schema: str,
    *statuses: int,
    login: bool = False,
    query: list[Schema] | None = None,
    headers: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Describe a GET that answers with `schema`, or with an error of one of `statuses`."""
    return operation(
        summary, schema, statuses=statuses, login=login, parameters=query, headers=headers
    )


def operation(
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
    """Describe an operation; `statuses` and `more` are those of the errors of its own.

    `headers` are those of a good answer, besides the ones that every answer has.
    """
    wrong = {*_ANYWHERE, *statuses, *more, *((401, 429, 503) if login else ())}
    answers = {ok: answer(schema, headers, http.HTTPStatus(int(ok)).phrase)}
    answers |= {str(status): problem(status) for status in sorted(wrong)}
    found: dict[str, Any] = {"summary": summary, "responses": answers}
    if parameters:
        found["parameters"] = parameters
    if body:
        found["requestBody"] = body
    if login:
        found["security"] = [{"login": []}]
    return found


def text(summary: str, *types: str, headers: tuple[str, ...], **more: Any) -> dict[str, Any]:
    """Describe a GET of a text of one of `types`, which may have stayed as it was: 304."""
    found = operation(summary, None, login=False, headers=headers, **{"statuses": (), **more})
    content = {kind: {"schema": schemas.TEXT, "example": "…"} for kind in types}
    found["responses"]["200"] |= {"content": content}
    found["responses"]["304"] = answer(None, headers, http.HTTPStatus(304).phrase)
    return found


def answer(schema: str | None, headers: tuple[str, ...], description: str) -> Schema:
    """Describe an answer, which has no body if `schema` is None."""
    names = (*middleware.headers(""), *headers)
    found: Schema = {
        "description": description,
        "headers": {name: {"schema": schemas.TEXT} for name in names},
    }
    if schema:
        found["content"] = {_JSON: {"schema": ref(schema), "example": _EXAMPLES[schema]}}
    return found


def problem(status: int) -> Schema:
    """Describe the answer for an error."""
    example = problems.problem(status, "One sentence that says why.").body
    names = problems.HEADERS.get(status, ())
    return {
        **answer(None, names, problems.title(status)),
        "content": {_PROBLEM: {"schema": ref("Problem"), "example": example}},
    }


def body(schema: str, example: Schema, *, form: str | None = None, required: bool = True) -> Schema:
    """Describe a body: JSON of `schema`, or a form, whose schema may be another one.

    There is no form if its name is "".
    """
    content = {_JSON: {"schema": ref(schema), "example": example}}
    if form != "":
        content[_FORM] = {"schema": ref(form or schema), "example": example}
    return {"required": required, "content": content}


def idempotency_key() -> Schema:
    """Describe the header by which a create may be sent again."""
    key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
    return {"name": "Idempotency-Key", "in": "header", "schema": key}


def query(name: str, schema: Schema, description: str) -> Schema:
    """Describe a parameter of the query."""
    return {"name": name, "in": "query", "schema": schema, "description": description}


def flag(name: str, description: str = "Say more") -> Schema:
    """Describe a parameter of the query that is 0 or 1."""
    return query(name, schemas.OPTION, description)


def in_path(name: str, schema: Schema) -> Schema:
    """Describe a part of the path."""
    return {"name": name, "in": "path", "required": True, "schema": schema}
