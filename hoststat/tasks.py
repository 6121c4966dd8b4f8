"""``hoststat tasks``, ``show`` and ``cancel``: windows, whoever has begun them."""

from typing import Any

import click

from hoststat import common, context, show, times, windows
from hoststat.context import Setup
from hoststat.errors import DONE, FAILED, Problem, Usage, told
from hoststat.looks import Follower

_STATES = ("QUEUED", "STARTED", "SUCCESS", "FAILURE", "REVOKED")
_PAGE = 100


@click.command(
    epilog="""\b
Examples:
  hoststat tasks --state STARTED              what is measured now
  hoststat tasks --owner jluser --limit 10""",
)
@click.option("--state", type=click.Choice(_STATES), help="Only tasks in this state.")
@click.option("--owner", metavar="USER", help="Only tasks of this user.")
@click.option("--host", metavar="HOST", help="Only tasks of this host.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most.")
@common.as_json
@common.talk
@context.setup
def tasks(
    setup: Setup, state: str | None, owner: str | None, host: str | None, limit: int, as_json: bool
) -> None:
    """List tasks, the newest first. A task is a window: COUNT reports, WAIT seconds apart.

    ID is what `hoststat watch`, `show` and `cancel` take. A window of several hosts is a task for
    each of them, all of one GROUP, whose id these commands take as well.

    States: QUEUED waits, STARTED measures, SUCCESS has all reports, FAILURE could not be done
    (`hoststat show ID` says why), REVOKED was cancelled.

    A window that was begun without a COUNT has the most that the service takes, such as 10,000. One
    that was begun with -y has one report more: the average since boot, which was not shown.
    """
    api = setup.users_api
    query: dict[str, object] | None
    query = {"state": state, "owner": owner, "host": host, "limit": min(limit, _PAGE)}
    found: list[dict[str, Any]] = []
    path: str | None = "/v3/task/"
    while path and len(found) < limit:
        answer = api.get(path, query)
        found += answer.body["tasks"]
        path, query = api.next_path(answer), None
    del found[limit:]
    setup.screen.put(show.document({"tasks": found}) if as_json else _table(found))


@click.command(name="show")
@click.argument("task_id", metavar="ID")
@common.as_json
@common.talk
@context.setup
def show_task(setup: Setup, task_id: str, as_json: bool) -> int:
    """Show a task or a group as it stands now; `hoststat watch ID` follows it.

    States: QUEUED waits, STARTED measures, SUCCESS has all reports, FAILURE could not be done,
    REVOKED was cancelled. What was measured before a FAILURE or a cancel is shown as well.

    Exit code 1 for FAILURE and REVOKED.
    """
    work = windows.find(setup.api, task_id)
    follower = Follower(setup.api, work, text=not as_json)
    texts = [it.get("text", "") for it in follower.look(0)]
    body = follower.body
    if as_json:
        setup.screen.put(show.document(body))
    else:
        setup.screen.put(_facts(body) + _reports(body, texts))
    return FAILED if body["state"] in ("FAILURE", "REVOKED") else DONE


@click.command(
    epilog="""\b
Examples:
  hoststat tasks --state STARTED     lists the ids of what is measured now
  hoststat cancel ID
  hoststat cancel GROUP              the windows of all its hosts""",
)
@click.argument("task_ids", metavar="ID...", nargs=-1, required=True)
@common.talk
@context.setup
def cancel(setup: Setup, task_ids: tuple[str, ...]) -> int:
    """Stop windows, also those of others. `hoststat watch ID` still shows what was measured."""
    code = DONE
    for task_id in task_ids:
        try:
            work = windows.find(setup.api, task_id)
            setup.api.ask("DELETE", work.path)
        except (Problem, Usage) as error:
            code = (error.failed() if isinstance(error, Problem) else error).code
            setup.screen.complain(told(error, verbose=setup.common.verbose))
        else:
            before = " (it was cancelled before)" if work.state == "REVOKED" else ""
            setup.screen.confirm(f"{task_id} REVOKED{before}")
    return code


def _table(found: list[dict[str, Any]]) -> str:
    rows = [
        (
            task["task_id"],
            task["state"],
            times.ago(task["created_at"]),
            task["request"].get("host"),
            task["request"].get("count"),
            task["request"].get("wait"),
            task.get("owner"),
            _group(task),
        )
        for task in found
    ]
    return show.table("ID STATE AGE HOST COUNT WAIT OWNER GROUP", rows)


def _group(task: dict[str, Any]) -> str | None:
    """Give the id of the group that a task belongs to."""
    path = next((it["href"] for it in task.get("links", ()) if it["rel"] == "group"), None)
    return path and str(path).rpartition("/")[2]


def _facts(body: dict[str, Any]) -> str:
    request, progress = body.get("request") or {}, body.get("progress") or {}
    return show.facts(
        [
            ("id", body.get("task_id") or body.get("group_id")),
            ("state", body["state"]),
            ("host", request.get("host")),
            ("measured by", body.get("host")),
            (
                "window",
                request.get("count")
                and f"{show.number(request['count'], 'report')}, {request.get('wait')} s apart",
            ),
            ("reports", progress.get("done")),
            *(
                (name.removesuffix("_at"), body.get(name))
                for name in ("created_at", "started_at", "ended_at", "expires_at")
            ),
            ("why", body["result"] if isinstance(body.get("result"), str) else None),
            *((it["host"], it.get("why") or it["state"]) for it in body.get("tasks", ())),
        ]
    )


def _reports(body: dict[str, Any], texts: list[str]) -> str:
    result = body.get("result")
    text = "".join(texts) or (result.get("iostat", "") if isinstance(result, dict) else "")
    return f"\n{text}" if text and "tasks" not in body else ""
