"""Requests to the app as API Gateway sends them, without a network."""

import base64
import dataclasses
import json
from typing import Any

from chalice.local import LambdaContext

import app
from chalicelib.bootstrap import parts
from chalicelib.tasks.model import LOGIN_VERSION, OPEN_VERSION
from tests.support import described, leaks

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
#: An id that no task has.
ZERO = "00000000-0000-4000-8000-000000000000"


@dataclasses.dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


def ask(
    method: str,
    path: str,
    *,
    route: str | None = None,
    parameters: dict[str, str] | None = None,
    body: str | bytes | None = None,
    headers: dict[str, str] | None = None,
    prefix: str = "",
    source: str = "127.0.0.1",
    **query: Any,
) -> Answer:
    """Send a request and give the answer. `route` is the pattern of `path`, if it has one."""
    values = {name: [it] if isinstance(it, str) else it for name, it in query.items()}
    event: dict[str, Any] = {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": route or path.rstrip("/") or "/",
            "path": prefix + path,
            "identity": {"sourceIp": source},
        },
        "headers": headers or {},
        "multiValueQueryStringParameters": values or None,
        "pathParameters": parameters or {},
        "stageVariables": {},
        "body": body,
    }
    answer = app.app(event, LambdaContext("api_handler", 128))
    leaks.hear(answer)
    assert answer["multiValueHeaders"] == {}
    found = Answer(answer["statusCode"], answer["headers"], answer["body"])
    described.check(
        method,
        event["requestContext"]["resourcePath"],
        found.status,
        found.headers,
        found.body if "json" in found.headers.get("Content-Type", "") else None,
    )
    return found


def _ask_one(method: str, route: str, name: str, **more: Any) -> Answer:
    """Send a request about one of something; `route` ends with the parameter for its name."""
    collection, _, parameter = route.rpartition("/")
    path = f"{collection}/{name}"
    return ask(method, path, route=route, parameters={parameter.strip("{}"): name}, **more)


def ask_user(method: str, username: str, **more: Any) -> Answer:
    """Send a request about one user."""
    return _ask_one(method, "/v3/users/{username}", username, **more)


def ask_host(method: str, name: str, **more: Any) -> Answer:
    """Send a request about one host."""
    return _ask_one(method, "/v3/hosts/{name}", name, **more)


def ask_group(method: str, group_id: str, **more: Any) -> Answer:
    """Send a request about one group."""
    return _ask_one(method, "/v3/group/{group_id}", group_id, **more)


def ask_task(method: str, task_id: str, *, version: str = "v2", **more: Any) -> Answer:
    """Send a request about one task."""
    return ask(
        method,
        f"/{version}/task/{task_id}",
        route=f"/{version}/task/{{task_id}}",
        parameters={"task_id": task_id},
        **more,
    )


def created(answer: Answer, version: str = "v2") -> str:
    """Check the answer to a create, and give the id of the task."""
    task_id: str = answer.body["task_id"]
    href = f"/{version}/task/{task_id}"
    assert (answer.status, answer.headers["Location"]) == (201, href)
    assert answer.body == {"task_id": task_id, "links": [{"rel": "task", "href": href}]}
    return task_id


def drain() -> int:
    """Call its function for every message in the queues, and give their number."""
    functions = {LOGIN_VERSION: app.run_iostat, OPEN_VERSION: app.run_open_iostat}
    seen = 0
    for version, queue in parts.receivers.items():
        while messages := queue.receive(10, 0):
            for message in messages:
                context = LambdaContext("run_iostat", 128, 900_000)
                functions[version](sqs_event(message), context)
                seen += 1
            queue.acknowledge(messages)
    return seen


def sqs_event(message: dict[str, Any]) -> dict[str, Any]:
    """Make the event that Lambda makes of a message."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message.get("Attributes", {}),
                "messageAttributes": message.get("MessageAttributes", {}),
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:local",
                "awsRegion": "us-east-1",
            }
        ]
    }


def authorization(text: str | bytes) -> str:
    """Give the value of the ``Authorization`` header for ``name:password``."""
    raw = text.encode() if isinstance(text, str) else text
    return "Basic " + base64.b64encode(raw).decode()


def basic(username: str, password: str) -> dict[str, str]:
    """Give the header of a login."""
    return {"authorization": authorization(f"{username}:{password}")}


def problem(status: int, title: str, detail: str) -> dict[str, object]:
    """Give the body that an error must have."""
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "msg": detail,
    }
