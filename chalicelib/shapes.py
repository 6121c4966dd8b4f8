"""The bodies of answers, as the contract has them. The versions share them by these functions."""

from chalice.app import Request, Response

from chalicelib import links
from chalicelib.tasks import Task

#: Seconds that a client is asked to wait before it looks again, at most.
_MAX_RETRY = 30


def index(request: Request, version: str, *more: str) -> dict[str, object]:
    """What a version has."""
    names = ("uptime", "iostat", *more)
    return {"links": [links.link(request, name, f"/{version}/{name}/") for name in names]}


def created(request: Request, task: Task) -> Response:
    """A task that was accepted."""
    to_task = links.link(request, "task", _path(task))
    body = {"task_id": task.task_id, "links": [to_task]}
    return Response(body, {"Location": to_task["href"]}, 201)


def shown(request: Request, task: Task, result: object) -> Response:
    """A task as it stands, with its result once it has ended."""
    found: list[dict[str, str]] = [links.link(request, "self", _path(task))]
    body: dict[str, object] = {"task_id": task.task_id, "state": task.state, "links": found}
    if task.state.ended:
        return Response({**body, "result": result})
    found.append(links.link(request, "cancel", _path(task), "DELETE"))
    return Response(body, {"Retry-After": str(_retry_after(task))})


def gone() -> Response:
    """Done, and nothing to say."""
    return Response("", status_code=204)


def _path(task: Task) -> str:
    return f"/{task.version}/task/{task.task_id}"


def _retry_after(task: Task) -> int:
    """Seconds until the window can be over, in steps that a person would wait."""
    left = (task.window.count - task.done - 1) * task.window.wait
    return min(max(left, 1), _MAX_RETRY)
