"""The answers of the routes about groups."""

from typing import Any

from chalice.app import Request, Response

from chalicelib.api import answers, links
from chalicelib.tasks import progress, uptimes
from chalicelib.tasks.group import GroupLook, GroupView, HostReport, Standing
from chalicelib.tasks.model import Report, State, Task, What


def new_group(request: Request, group_id: str) -> Response:
    """Show a group that was created."""
    to_group = links.link(request, "group", f"/v3/group/{group_id}")
    body = {"group_id": group_id, "links": [to_group]}
    return Response(body, {"Location": to_group["href"]}, 201)


def group(request: Request, view: GroupView, look: GroupLook) -> Response:
    """Show a group with every host of it, and its reports if `look` has `detail`.

    If `view` does not have all the reports, a Link leads to the next ones.
    """
    standing = view.standing
    path = f"/v3/group/{standing.group.group_id}"
    states = [task.state for task in standing.tasks]
    found = [links.link(request, "self", path)]
    if not standing.ended:
        found.append(links.link(request, "cancel", path, "DELETE"))
    counts = {"hosts": len(states)} | {str(state): states.count(state) for state in State}
    body: dict[str, object] = {
        "group_id": standing.group.group_id,
        "state": standing.state,
        "counts": counts,
        "tasks": [_task(request, task) for task in standing.tasks],
    }
    if standing.state in (State.FAILURE, State.REVOKED):
        body["no_answer"] = standing.no_answer
    headers: dict[str, str | list[str]] = {}
    if not standing.ended:
        headers["Retry-After"] = str(_retry_after(standing))
    if look.detail:
        following = progress.write(view.following)
        body["reports"] = [_report(it, standing, text=look.text) for it in view.reports]
        body["next"] = following
        if view.has_more:
            query = f"?since={following}&detail=1" + ("&text=1" if look.text else "")
            headers["Link"] = f'<{links.prefix(request)}{path}{query}>; rel="next"'
    return Response({**body, "links": found}, headers)


def _task(request: Request, task: Task) -> dict[str, object]:
    path = f"/{task.version}/task/{task.task_id}"
    found = [links.link(request, "self", path)]
    if not task.state.ended:
        found.append(links.link(request, "cancel", path, "DELETE"))
    shown: dict[str, object] = {"host": task.target, "task_id": task.task_id, "state": task.state}
    if task.state is State.FAILURE:
        shown["why"] = task.error
    return {**shown, "links": found}


def _report(of: HostReport, standing: Standing, *, text: bool) -> dict[str, Any]:
    report = of.view.report
    if standing.group.what is What.UPTIME:
        return {"host": of.host, **_uptime(report, text=text)}
    return {"host": of.host, **answers.report(of.view, standing.group.window, text=text)}


def _uptime(report: Report, *, text: bool) -> dict[str, object]:
    """Show the uptime that a host says; what cannot be read is null."""
    told = uptimes.read(report.text)
    numbers: dict[str, object] = dict.fromkeys(("uptime", "seconds", "users", "load"))
    if told:
        numbers = {name: getattr(told, name) for name in numbers}
    more = {"text": f"{told.uptime}\n" if told else ""} if text else {}
    return {
        "index": report.index,
        "at": answers.time_text(report.at),
        **numbers,
        **more,
    }


def _retry_after(standing: Standing) -> int:
    return max(answers.retry_after(task) for task in standing.tasks if not task.state.ended)
