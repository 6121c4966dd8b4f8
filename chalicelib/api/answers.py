"""The bodies of answers, as the contract has them. The versions share them by these functions."""

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from chalice.app import Request, Response

from chalicelib.api import links, pages
from chalicelib.measure import numbers as devices
from chalicelib.measure.numbers import Device

if TYPE_CHECKING:
    from chalicelib.tasks.model import Look, Report, Task
    from chalicelib.tasks.ports import Machine
    from chalicelib.users.model import User

#: Seconds that a client is asked to wait before it looks again, at most.
_MAX_RETRY = 30


def index(request: Request, version: str, *more: str) -> dict[str, object]:
    """What a version has."""
    names = ("uptime", "iostat", *more)
    return {"links": [links.link(request, name, f"/{version}/{name}/") for name in names]}


def created(request: Request, version: str, task_id: str) -> Response:
    """A task that was accepted."""
    to_task = links.link(request, "task", f"/{version}/task/{task_id}")
    body = {"task_id": task_id, "links": [to_task]}
    return Response(body, {"Location": to_task["href"]}, 201)


def uptime(host: "Machine", *, detail: bool) -> dict[str, object]:
    """The host's uptime, in numbers, too, where `detail` is asked for."""
    return host.uptime_numbers() if detail else {"uptime": host.uptime()}


def measured(found: Sequence[tuple[float, str]], *, detail: bool) -> dict[str, object]:
    """A window that was measured at once."""
    body: dict[str, object] = {"iostat": "".join(text for _, text in found)}
    if detail:
        body["reports"] = [
            _report(index, at, devices.read(text)) for index, (at, text) in enumerate(found)
        ]
    return body


def shown(request: Request, task: "Task", look: "Look", found: "Iterable[Report]") -> Response:
    """A task as it stands, with its result once it has ended, and its reports where they are
    asked for; as many of those that are `found` as an answer may hold.
    """
    failed = task.error is not None
    text = task.state.ended and not failed
    page = pages.cut(found, text=text, numbers=look.detail) if text or look.detail else []
    body: dict[str, object] = {
        "task_id": task.task_id,
        "state": task.state,
        "links": _links(request, task),
    }
    headers: dict[str, str | list[str]] = {}
    if not task.state.ended:
        headers["Retry-After"] = str(_retry_after(task))
    else:
        body["result"] = (
            task.error if failed else {"iostat": "".join(it.report.text for it in page)}
        )
    following = look.since + len(page)
    if look.detail:
        body |= _details(task)
        body["reports"] = [_report(it.report.index, it.report.at, it.devices) for it in page]
        body["next"] = following
    if page and following < task.done:
        query = f"?since={following}" + ("&detail=1" if look.detail else "")
        headers["Link"] = f'<{links.prefix(request)}{_path(task)}{query}>; rel="next"'
    return Response(body, headers)


def tasks_shown(request: Request, found: "Sequence[Task]", more: str | None) -> dict[str, object]:
    """A page of tasks; `more` is the path of the next one, if there is one."""
    entries = [
        {
            "task_id": task.task_id,
            "state": task.state,
            "created_at": _time(task.created_at),
            "owner": task.owner,
            "request": _window(task),
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


def _details(task: "Task") -> dict[str, object]:
    return {
        "request": _window(task),
        "progress": {"done": task.done, "of": task.window.count},
        "created_at": _time(task.created_at),
        "started_at": _time(task.started_at),
        "ended_at": _time(task.ended_at),
        "expires_at": _time(task.expires_at),
        "host": task.host,
        "source": task.source,
    }


def _report(index: int, at: float, found: list[Device]) -> dict[str, object]:
    return {"index": index, "at": _time(at), "since_boot": index == 0, "devices": found}


def _window(task: "Task") -> dict[str, int]:
    return {"count": task.window.count, "wait": task.window.wait}


def _next(request: Request, path: str | None) -> dict[str, object]:
    return {"links": [links.link(request, "next", path)]} if path else {}


def _user_path(user: "User") -> str:
    return f"/v3/users/{user.username}"


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _path(task: "Task") -> str:
    return f"/{task.version}/task/{task.task_id}"


def _retry_after(task: "Task") -> int:
    """Seconds until the window can be over, in steps that a person would wait."""
    left = (task.window.count - task.done - 1) * task.window.wait
    return min(max(left, 1), _MAX_RETRY)
