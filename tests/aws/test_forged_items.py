"""What a host writes into its own items, which may be anything, harms nobody else."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib import errors
from chalicelib.api import answers
from chalicelib.aws import task_items
from chalicelib.aws.items import to_item
from chalicelib.bootstrap import parts
from chalicelib.measure.machine import ThisMachine
from chalicelib.measure.model import Window
from chalicelib.tasks import model, page, sanity
from chalicelib.tasks.model import State
from tests.support.as_admin import PASSWORD, ROOT
from tests.support.asking import JSON, ZERO, Answer, ask, ask_group, ask_host, ask_task
from tests.support.iostats import fake
from tests.support.records import NOW, a_report, a_task
from tests.support.rig import worker_of

TABLES = {"tasks": "task_id", "reports": "task_id", "hosts": "host"}
NONSENSE: list[dict[str, Any]] = [
    {"S": "nonsense"},
    {"S": ""},
    {"N": "-1"},
    {"N": "1.5"},
    {"N": "1e120"},
    {"BOOL": True},
    {"NULL": True},
    {"L": []},
    {"M": {}},
]
#: All that its credentials let it write of a task.
OF_A_TASK = [
    *("state", "count", "wait", "extended", "cpu", "what", "target", "start_by", "group_id"),
    *("kept_until", "started_at", "ended_at", "expires_at", "due_at", "hints", "run", "token"),
    *("lease_until", "failures", "done", "reported_at", "host", "source", "error", "last", "ttl"),
]
OF_A_REPORT = ["run", "at", "text"]
NAMES = ("db-1", "web-1")


@pytest.fixture
def group(cloud: Any, one_thread: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """A group of two hosts, which have a report each, and of which web-1 writes what it likes."""
    monkeypatch.setenv("FAN_OUT_THREADS", "1")
    parts.users.make_admin("root", PASSWORD)
    for name in NAMES:
        parts.hosts.add(name, by="root")
    body = json.dumps({"hosts": ["*"], "count": 2, "wait": 1})
    made: str = ask("POST", "/v3/group/", headers={**ROOT, **JSON}, body=body).body["group_id"]
    for name in NAMES:
        worker_of(name, parts).work(f"{name}~{made}")
    return made


def forge(table: str, key: str, **attributes: Any) -> None:
    sort = {"index": {"N": "0"}} if table == "reports" else {}
    boto3.client("dynamodb").update_item(
        TableName=f"hoststat-dev-{table}",
        Key={TABLES[table]: {"S": key}, **sort},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
        ExpressionAttributeNames={f"#{name}": name for name in attributes},
        ExpressionAttributeValues={f":{name}": thing for name, thing in attributes.items()},
    )


def seen(group_id: str) -> list[Answer]:
    """Give what everybody sees who looks at a list, at the group, or at a host."""
    return [
        ask("GET", "/v3/task/", headers=ROOT),
        ask("GET", "/v3/hosts/", headers=ROOT, detail="1"),
        ask_group("GET", group_id, headers=ROOT),
        ask_group("GET", group_id, headers=ROOT, detail="1", text="1"),
        ask_host("GET", "web-1", headers=ROOT),
        ask_task("GET", f"web-1~{group_id}", version="v3", headers=ROOT, detail="1"),
    ]


@pytest.mark.parametrize("name", OF_A_TASK)
def test_its_task_is_as_tasks_are_or_a_failure_that_says_so(name: str) -> None:
    task = a_task(task_id=f"web-1~{ZERO}", version="v3", target="web-1", start_by=NOW + 60)
    item = to_item(task_items.attributes(task))
    for thing in NONSENSE:
        read = task_items.to_task({**item, name: thing})
        assert sanity.makes_sense(read)
        said = "What web-1 has written of it makes no sense."
        assert read.state is State.QUEUED or (read.state, read.error) == (State.FAILURE, said)
    without = {it: thing for it, thing in item.items() if it != name}
    assert sanity.makes_sense(task_items.to_task(without))


def test_what_its_iostat_complained_of_is_shown_also_if_none_of_it_is_text(tmp_path: Path) -> None:
    path = fake(tmp_path, "head -c 1000 /dev/zero | tr '\\0' '\\377' >&2; exit 1\n")
    with (
        pytest.raises(errors.MachineFailed) as failed,
        ThisMachine(path).open(Window(1, 1)) as feed,
    ):
        list(feed)
    task = a_task(task_id=f"web-1~{ZERO}", version="v3", target="web-1", start_by=NOW + 60)
    ended = model.ended(task, State.FAILURE, at=NOW, keep_days=1, error=str(failed.value))
    assert ended.error == "iostat ended with status 1: " + r"\xff" * 500
    assert task_items.to_task(to_item(task_items.attributes(ended))).error == ended.error


@pytest.mark.parametrize("name", OF_A_REPORT)
def test_its_report_is_one_or_is_missing(name: str) -> None:
    item = to_item({**a_report(0)._asdict(), "task_id": f"web-1~{ZERO}"})
    for thing in NONSENSE:
        for report in task_items.to_reports([{**item, name: thing}]):
            assert json.dumps(answers.report(page.view(report), Window(3, 1)))
    assert list(task_items.to_reports([item])) == [a_report(0)]


def test_what_everybody_looks_at_is_shown(group: str) -> None:
    task_id = f"web-1~{group}"
    forge("reports", task_id, text={"N": "1"})
    forge("hosts", "web-1", removed_at={"S": "now"}, seen_at={"M": {}}, uptime={"N": "1"})
    for forged in ({"done": {"N": "1000"}}, {"count": {"N": "1000"}}, {"state": {"S": "DONE"}}):
        forge("tasks", task_id, **forged)
        found = seen(group)
        assert {it.status for it in found} == {200}
        assert [it["host"] for it in found[1].body["hosts"]] == [*NAMES]
        tasks = [(it["host"], it["state"]) for it in found[2].body["tasks"]]
        assert tasks == [("db-1", "SUCCESS"), ("web-1", "FAILURE")]
        reports = [(it["host"], it["index"]) for it in found[3].body["reports"]]
        assert reports == [("db-1", 0), ("db-1", 1)]


def test_a_host_that_says_that_it_was_removed_can_be_removed_and_added(group: str) -> None:
    for thing in ({"N": "1"}, {"N": "1e10"}, {"S": "now"}):
        forge("hosts", "web-1", removed_at=thing)
        assert ask_host("GET", "web-1", headers=ROOT).status == 200
        assert ask_host("PUT", "web-1", headers=ROOT).status == 200
    assert ask_host("DELETE", "web-1", headers=ROOT).status == 204
    for thing in ({"N": "1e10"}, {"S": "now"}, {"N": "-1"}):
        forge("hosts", "web-1", removed_at=thing)
        assert ask_host("GET", "web-1", headers=ROOT).status == 404
    assert ask_host("PUT", "web-1", headers=ROOT).status == 201


@pytest.mark.parametrize("index", ["running", "unended"])
def test_tasks_that_it_has_made_up_stop_no_sweep(group: str, index: str) -> None:
    for number in range(3):
        made_up: dict[str, Any] = {index: {"S": "v3-0"}, "created_at": {"N": "0"}}
        forge("tasks", f"web-1~{number}", **made_up, started_at={"N": "0"})
    waiting = f"db-1~{'1' * 8}-1111-4111-8111-{'1' * 12}"
    forge("hosts", "db-1", seen_at={"N": str(parts.clock.now())})
    parts.task_store.create(
        parts.task_store.get_many([f"db-1~{group}"])[0]._replace(
            task_id=waiting, state=State.QUEUED, run=0, done=0, due_at=0, expires_at=None
        )
    )
    parts.sweeper.sweep()
    (swept,) = parts.task_store.get_many([waiting])
    assert swept.hints == 1
