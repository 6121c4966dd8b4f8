"""A check of every answer in the tests against the OpenAPI description."""

import functools
from typing import Any

import jsonschema
import openapi_schema_validator

import app
from chalicelib.api import openapi
from chalicelib.settings import Settings
from chalicelib.users import fields

_DIALECT = openapi_schema_validator.OAS31Validator


@functools.cache
def document() -> Any:
    """Give the OpenAPI description of a stage with the default settings."""
    return openapi.document(Settings(), "", fields.schemas())


@functools.cache
def paths() -> dict[str, Any]:
    """Give the described paths, written as the routes of the app: without a slash at the end."""
    return {path.rstrip("/") or "/": it for path, it in document()["paths"].items()}


@functools.cache
def _validator(name: str) -> Any:
    schemas = document()["components"]["schemas"]
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
    return _DIALECT(schema, format_checker=_DIALECT.FORMAT_CHECKER)


def check(method: str, route: str, status: int, headers: dict[str, str], body: Any) -> None:
    """Check the status, headers and body of an answer. Raises AssertionError."""
    operations = paths()[route]
    if method.lower() not in operations:
        assert status in (401, 405), f"{method} {route} is not described"
        name, wanted = "Problem", set[str]()
    else:
        answers = operations[method.lower()]["responses"]
        assert str(status) in answers, f"{method} {route} is not described to answer {status}"
        contents = answers[str(status)].get("content", {None: {}})
        assert headers.get("Content-Type") in contents
        content = contents[headers.get("Content-Type")]
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        wanted = set(answers[str(status)]["headers"])
    # These two are described, but not every answer needs them.
    assert wanted - {"Link", "Retry-After"} <= set(headers)
    if name:
        try:
            _validator(name).validate(body)
        except jsonschema.ValidationError as exc:
            raise AssertionError(f"{method} {route} {status}: {exc.message}") from exc


def undescribed() -> set[tuple[str, str]]:
    """Give the paths and methods that only the app has, or only the description."""
    there = {(path, name) for path, entries in app.app.routes.items() for name in entries}
    said = {
        (path, method.upper())
        for path, it in paths().items()
        for method in it
        if method != "parameters"
    }
    return there ^ said
