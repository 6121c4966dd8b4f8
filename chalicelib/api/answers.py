"""The answers of the routes, as docs/api.md describes them. All versions use these functions."""

import time
from collections.abc import Sequence

from chalice.app import Request, Response

from chalicelib.api import links
from chalicelib.measure.model import Machine, Window
from chalicelib.tasks import page, uptimes
from chalicelib.tasks.model import Look, Report, ReportView, Task, TaskView, What
from chalicelib.tasks.uptimes import Uptime
from chalicelib.users.model import User

#: What v3 has beside the links of its index, whose body stays as it is: paths by relation.
_BESIDE = {"tasks": "/v3/task/", "hosts": "/v3/hosts/", "groups": "/v3/group/"}
#: The most seconds that a client is asked to wait before it looks again.
_MAX_RETRY = 30


def index(request: Request, version: str, *more: str) -> dict[str, object]:
    """Show links to what a version has: uptime, iostat and the names in `more`."""
    names = ("uptime", "iostat", *more)
    return {"links": [links.link(request, name, f"/{version}/{name}/") for name in names]}


def beside(request: Request) -> dict[str, str | list[str]]:
    """Give the header that links to what v3 has beside the body of its index."""
    prefix = links.prefix(request)
    return {"Link": ", ".join(f'<{prefix}{path}>; rel="{rel}"' for rel, path in _BESIDE.items())}


def uptime(machine: Machine, *, detail: bool) -> dict[str, object]:
    """Show the uptime of a machine, with its numbers if `detail` is set. Raises MachineFailed."""
    return machine.uptime_numbers() if detail else {"uptime": machine.uptime()}


def uptime_of_host(told: Uptime, *, detail: bool) -> dict[str, object]:
    """Show what a host says of its uptime, with its numbers if `detail` is set."""
    return told._asdict() if detail else {"uptime": told.uptime}


def window(
    window: Window, found: Sequence[tuple[float, str]], *, detail: bool
) -> dict[str, object]:
    """Show a window that was measured at once, with the numbers of each report if `detail` is set.

    `found` has the time (seconds since the epoch) and the text of each report.
    """
    body: dict[str, object] = {"iostat": "".join(text for _, text in found)}
    if detail:
        reports = [Report(index, 0, at, text) for index, (at, text) in enumerate(found)]
        body["reports"] = [report(page.view(it), window) for it in reports]
    return body


def new_task(request: Request, version: str, task_id: str) -> Response:
    """Show a task that was created."""
    to_task = links.link(request, "task", f"/{version}/task/{task_id}")
    body = {"task_id": task_id, "links": [to_task]}
    return Response(body, {"Location": to_task["href"]}, 201)


def task(request: Request, view: TaskView, look: Look) -> Response:
    """Show a task: its state, its result if it has ended, and all the rest if `look` has `detail`.

    If `view` does not have all the reports, a Link leads to the next ones.
    """
    task, reports = view.task, view.reports
    body: dict[str, object] = {
        "task_id": task.task_id,
        "state": task.state,
        "links": _links(request, task),
    }
    headers: dict[str, str | list[str]] = {}
    if not task.state.ended:
        headers["Retry-After"] = str(retry_after(task))
    elif task.error is not None:
        body["result"] = task.error
    else:
        text = "".join(it.report.text for it in reports)
        is_uptime = task.what is What.UPTIME
        body["result"] = {"uptime": _line(text)} if is_uptime else {"iostat": text}
    following = reports[-1].report.index + 1 if reports else look.since
    if look.detail:
        body |= _details(task)
        body["reports"] = [report(it, task.window, text=look.text) for it in reports]
        body["next"] = following
        if view.waiting:
            body["waiting"] = view.waiting
    if reports and following < task.done:
        query = f"?since={following}" + ("&detail=1" if look.detail else "")
        query += "&text=1" if look.text else ""
        headers["Link"] = f'<{links.prefix(request)}{_path(task)}{query}>; rel="next"'
    return Response(body, headers)


def task_list(request: Request, found: Sequence[Task], more: str | None) -> dict[str, object]:
    """Show a page of tasks; `more` is the path of the next page, None if there is none."""
    entries = [
        {
            "task_id": task.task_id,
            "state": task.state,
            "created_at": time_text(task.created_at),
            "owner": task.owner,
            "request": _request(task),
            "links": _links(request, task),
        }
        for task in found
    ]
    return {"tasks": entries, **next_link(request, more)}


def user(request: Request, user: User) -> dict[str, object]:
    """Show a user. A password is never shown, not even as a hash."""
    return {
        "username": user.username,
        "fullname": user.fullname,
        "admin": user.admin,
        "links": [links.link(request, "self", _user_path(user))],
    }


def new_user(request: Request, made: User) -> Response:
    """Show a user who was created."""
    location = links.prefix(request) + _user_path(made)
    return Response(user(request, made), {"Location": location}, 201)


def user_list(
    request: Request, found: Sequence[User], more: str | None, *, detail: bool
) -> dict[str, object]:
    """Show a page of users: whole ones if `detail` is set, else names. `more` as in `task_list`."""
    entries = [user(request, it) if detail else it.username for it in found]
    return {"users": entries, **next_link(request, more)}


def no_content() -> Response:
    """Give a 204: the request was done, and there is nothing to show."""
    return Response("", status_code=204)


def _links(request: Request, task: Task) -> list[dict[str, str]]:
    found = [links.link(request, "self", _path(task))]
    if task.group_id:
        found.append(links.link(request, "group", f"/v3/group/{task.group_id}"))
    if not task.state.ended:
        found.append(links.link(request, "cancel", _path(task), "DELETE"))
    return found


def _details(task: Task) -> dict[str, object]:
    return {
        "request": _request(task),
        "progress": {"done": task.done, "of": task.window.count},
        "created_at": time_text(task.created_at),
        "started_at": time_text(task.started_at),
        "ended_at": time_text(task.ended_at),
        "expires_at": time_text(task.expires_at),
        "host": task.host,
        "source": task.source,
    }


def report(view: ReportView, window: Window, *, text: bool = False) -> dict[str, object]:
    """Show a report of a window, with its text if `text` is set."""
    found = view.report
    body: dict[str, object] = {
        "index": found.index,
        "at": time_text(found.at),
        "since_boot": found.index == 0,
    }
    if window.cpu:
        body["cpu"] = view.cpu
    body["devices"] = view.devices
    if text:
        body["text"] = found.text
    return body


def _request(task: Task) -> dict[str, object]:
    """Show what was asked for: a window or the uptime, and for a task of a host, of which one.

    An option is there only if it was asked for.
    """
    window = {name: it for name, it in task.window._asdict().items() if it is not False}
    what = {"what": task.what} if task.what is What.UPTIME else window
    host = {"host": task.target, "start_by": time_text(task.start_by)} if task.target else {}
    return {**what, **host}


def _line(text: str) -> str:
    """Give the line of uptime in the report of a host, "" if it is not there."""
    told = uptimes.read(text)
    return told.uptime if told else ""


def next_link(request: Request, path: str | None) -> dict[str, object]:
    """Give the member that leads from a page of a list to the next one, at `path`."""
    return {"links": [links.link(request, "next", path)]} if path else {}


def _user_path(user: User) -> str:
    return f"/v3/users/{user.username}"


def time_text(seconds: float | None) -> str | None:
    """Write a time, in seconds since the epoch, as RFC 3339 has it."""
    if seconds is None:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _path(task: Task) -> str:
    return f"/{task.version}/task/{task.task_id}"


def retry_after(task: Task) -> int:
    """Give the seconds until the window can be over: at least 1, at most _MAX_RETRY."""
    left = (task.window.count - task.done - 1) * task.window.wait
    return min(max(left, 1), _MAX_RETRY)
