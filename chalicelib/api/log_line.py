"""What the log says of every request, in one line that has no secret and is never long."""

import json
from typing import Any

from chalice.app import Request, Response

from chalicelib.api import problems, reading
from chalicelib.tasks import task_ids

#: The most characters of a path, of a query and of each of its names and values, and of a detail.
_PATH, _QUERY, _NAME, _VALUE, _DETAIL = 200, 300, 40, 70, 250
#: Stands for the value of a name that the path does not know: it may be a password.
NOT_SHOWN = "(not shown)"


def fields(request: Request, response: Response, seconds: float) -> dict[str, Any]:
    """Give the fields of the event `answered`; the answer took `seconds`.

    The values of a query are shown once the view has said which names it knows. Of a body and of
    headers nothing is shown, also where the error quotes it.
    """
    found: dict[str, Any] = {
        "method": request.method,
        "path": _cut(str(request.context.get("path")), _PATH),
        "query": _query(request),
        "user": _username(request),
        "source": _address(request),
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
    }
    if task_id := _task_id(request, response):
        found["task_id"] = task_id
    if isinstance(response, problems.Problem):
        found["detail"] = _cut(response.unquoted if request.raw_body else response.detail, _DETAIL)
    return found


def _query(request: Request) -> dict[str, str]:
    given = request.query_params
    known = request.context.get(reading.KNOWN, ())
    shown: dict[str, str] = {}
    for name in given or ():
        value = ",".join(given.getlist(name)) if given and name in known else NOT_SHOWN
        more = {**shown, _cut(name, _NAME): _cut(value, _VALUE)}
        if _length(more) > _QUERY:
            return {**shown, "...": NOT_SHOWN}
        shown = more
    return shown


def _task_id(request: Request, response: Response) -> str | None:
    """Give the id of the task that a request names or has created."""
    body: Any = response.body
    made = body.get("task_id") if isinstance(body, dict) else None
    task_id: str = made or (request.uri_params or {}).get("task_id", "")
    task_id = task_ids.decoded(task_id)
    return task_id if task_ids.is_id(task_id) else None


def _username(request: Request) -> str | None:
    sender = request.context.get("user")
    return sender.username if sender else None


def _address(request: Request) -> str | None:
    """Give the source address; None for a request without one, which has a line as well."""
    identity = request.context.get("identity") or {}
    address: str | None = identity.get("sourceIp")
    return address


def _cut(text: str, most: int) -> str:
    """Give the beginning of a text that is at most so long as JSON, where "é" takes six letters."""
    text = text[:most]
    while _length(text) > most + len('""'):
        text = text[:-1]
    return text


def _length(shown: object) -> int:
    return len(json.dumps(shown))
