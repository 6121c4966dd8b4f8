"""The bodies of answers, as the contract has them. The versions share them by these functions."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalice.app import Request, Response

from chalicelib import links

if TYPE_CHECKING:
    from chalicelib.tasks import Task
    from chalicelib.users import User

#: Seconds that a client is asked to wait before it looks again, at most.
_MAX_RETRY = 30


def index(request: Request, version: str, *more: str) -> dict[str, object]:
    """What a version has."""
    names = ("uptime", "iostat", *more)
    return {"links": [links.link(request, name, f"/{version}/{name}/") for name in names]}


def created(request: Request, task: "Task") -> Response:
    """A task that was accepted."""
    to_task = links.link(request, "task", _path(task))
    body = {"task_id": task.task_id, "links": [to_task]}
    return Response(body, {"Location": to_task["href"]}, 201)


def shown(request: Request, task: "Task", result: object) -> Response:
    """A task as it stands, with its result once it has ended."""
    body: dict[str, object] = {
        "task_id": task.task_id,
        "state": task.state,
        "links": _links(request, task),
    }
    if task.state.ended:
        return Response({**body, "result": result})
    return Response(body, {"Retry-After": str(_retry_after(task))})


def tasks_shown(request: Request, found: "Sequence[Task]", more: str | None) -> dict[str, object]:
    """A page of tasks; `more` is the path of the next one, if there is one."""
    entries = [
        {
            "task_id": task.task_id,
            "state": task.state,
            "created_at": _time(task.created_at),
            "owner": task.owner,
            "request": {"count": task.window.count, "wait": task.window.wait},
            "links": _links(request, task),
        }
        for task in found
    ]
    return {"tasks": entries, **_next(request, more)}


def user_shown(request: Request, user: "User") -> dict[str, object]:
    """A user; its password never is in an answer, not even as a hash."""
    return {
        "username": user.username,
        "fullname": user.fullname,
        "admin": user.admin,
        "links": [links.link(request, "self", _user_path(user))],
    }


def user_made(request: Request, user: "User") -> Response:
    """A user who is new."""
    location = links.prefix(request) + _user_path(user)
    return Response(user_shown(request, user), {"Location": location}, 201)


def users_shown(
    request: Request, found: "Sequence[User]", more: str | None, *, detail: bool
) -> dict[str, object]:
    """A page of users, whole or by name; `more` is the path of the next one, if there is one."""
    entries = [user_shown(request, user) if detail else user.username for user in found]
    return {"users": entries, **_next(request, more)}


def gone() -> Response:
    """Done, and nothing to say."""
    return Response("", status_code=204)


def _links(request: Request, task: "Task") -> list[dict[str, str]]:
    found = [links.link(request, "self", _path(task))]
    if not task.state.ended:
        found.append(links.link(request, "cancel", _path(task), "DELETE"))
    return found


def _next(request: Request, path: str | None) -> dict[str, object]:
    return {"links": [links.link(request, "next", path)]} if path else {}


def _user_path(user: "User") -> str:
    return f"/v3/users/{user.username}"


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _path(task: "Task") -> str:
    return f"/{task.version}/task/{task.task_id}"


def _retry_after(task: "Task") -> int:
    """Seconds until the window can be over, in steps that a person would wait."""
    left = (task.window.count - task.done - 1) * task.window.wait
    return min(max(left, 1), _MAX_RETRY)
