"""Requests to the app as API Gateway sends them, and a list of its calls of AWS."""

import base64
import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import boto3
from chalice.local import LambdaContext

import app
from bench import capacity
from chalicelib import log
from local import stage

#: The context that Lambda gives to a function; here it is the same for every request.
CONTEXT = LambdaContext("api_handler", 128)

Event = dict[str, Any]


class Call(NamedTuple):
    """A call of AWS, and the units of DynamoDB that it uses."""

    service: str
    operation: str
    read: float = 0
    write: int = 0


def event(
    method: str,
    route: str,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    body: str | None = None,
    **parameters: str,
) -> Event:
    """Make the event that API Gateway makes of a request; `parameters` are those of its path."""
    values = {name: [text] for name, text in (query or {}).items()}
    return {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": route,
            "path": route.format(**parameters),
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "headers": dict(headers or {}),
        "multiValueQueryStringParameters": values or None,
        "pathParameters": parameters,
        "stageVariables": {},
        "body": body,
    }


def create(version: str, count: int, **more: Any) -> Event:
    """Make the event of a create."""
    return event("POST", f"/{version}/iostat", query={"count": str(count)}, **more)


def task(method: str, version: str, task_id: str, **more: Any) -> Event:
    """Make the event of a request about a task."""
    return event(method, f"/{version}/task/{{task_id}}", task_id=task_id, **more)


def basic(username: str, password: str) -> dict[str, str]:
    """Give the header of a login."""
    given = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"authorization": f"Basic {given}"}


def ask(asked: Event) -> Any:
    """Give the body of the answer to an event. Raises RuntimeError if it is an error."""
    answer = app.app(asked, CONTEXT)
    if answer["statusCode"] >= 400:
        raise RuntimeError(f"{asked['requestContext']}: {answer}")
    return json.loads(answer["body"]) if answer["body"] else None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send the log, which is still written, and all other standard error to /dev/null."""
    try:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
            log.configure()
            yield
    finally:
        log.configure()


def listen(session: Any) -> list[Call]:
    """Give a list that gets every call of the clients that `session` makes from now on."""
    heard: list[Call] = []
    template = json.loads((stage.PROJECT / ".chalice" / "resources.json").read_text())
    tables = capacity.tables(template, stage.LOCAL)
    # This client is of another session, so its calls do not get into the list.
    aside = boto3.client("dynamodb")

    def stored(step: Any) -> Any:
        """Give the item that a step writes, as it is stored now."""
        name, given = step["TableName"], step["Item" if "Item" in step else "Key"]
        key = {part: given[part] for part in tables[name].keys}
        return aside.get_item(TableName=name, Key=key).get("Item", {})

    def begin(params: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
        steps = _steps(model.name, params)
        context["bench"] = params, steps, [stored(step) for step in steps]

    def end(parsed: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
        asked, steps, before = context["bench"]
        changes = [
            (tables[step["TableName"]], old, stored(step))
            for step, old in zip(steps, before, strict=True)
        ]
        units = capacity.used(model.name, asked, parsed, changes)
        heard.append(Call("dynamodb", model.name, *units))

    session.register("provide-client-params.dynamodb.*", begin)
    session.register("after-call.dynamodb.*", end)
    session.register("after-call.sqs.*", lambda model, **_: heard.append(Call("sqs", model.name)))
    return heard


def _steps(operation: str, asked: Mapping[str, Any]) -> list[Any]:
    """Give the writes of a call; none if it only reads."""
    if operation == "TransactWriteItems":
        return [it for step in asked["TransactItems"] for it in step.values()]
    return [asked] if operation in ("PutItem", "UpdateItem", "DeleteItem") else []
