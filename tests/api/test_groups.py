"""Groups on HTTP: what is asked, and how a group is shown."""

import json
from typing import Any

import pytest

from chalicelib.bootstrap import parts
from tests.support.as_admin import PASSWORD, ROOT
from tests.support.asking import FORM, JSON, ZERO, Answer, ask, ask_group, ask_task, problem
from tests.support.rig import worker_of

HOSTS = ("db-1", "web-1", "web-2")


@pytest.fixture(autouse=True)
def root(cloud: Any, one_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAN_OUT_THREADS", "1")
    parts.users.make_admin("root", PASSWORD)
    for name in HOSTS:
        parts.hosts.add(name, by="root")


def post(body: Any, **headers: str) -> Answer:
    return ask("POST", "/v3/group/", headers={**ROOT, **JSON, **headers}, body=json.dumps(body))


def create(*hosts: str, **more: Any) -> str:
    answer = post({"hosts": list(hosts) or ["*"], **more})
    group_id: str = answer.body["group_id"]
    href = f"/v3/group/{group_id}"
    assert (answer.status, answer.headers["Location"]) == (201, href)
    assert answer.body == {"group_id": group_id, "links": [{"rel": "group", "href": href}]}
    return group_id


def about(method: str, group_id: str, **more: Any) -> Answer:
    return ask_group(method, group_id, headers=ROOT, **more)


def work(group_id: str, *names: str) -> None:
    for name in names:
        worker_of(name, parts).work(f"{name}~{group_id}")


def entry(name: str, group_id: str, state: str, **more: str) -> dict[str, Any]:
    task_id = f"{name}~{group_id}"
    href = f"/v3/task/{task_id}"
    links: list[dict[str, str]] = [{"rel": "self", "href": href}]
    if state in ("QUEUED", "STARTED"):
        links.append({"rel": "cancel", "method": "DELETE", "href": href})
    return {"host": name, "task_id": task_id, "state": state, **more, "links": links}


def counts(**states: int) -> dict[str, int]:
    none = dict.fromkeys(("QUEUED", "STARTED", "SUCCESS", "FAILURE", "REVOKED"), 0)
    return {"hosts": sum(states.values()), **none, **states}


class TestLook:
    def test_a_new_group_has_every_host(self) -> None:
        group_id = create()
        href = f"/v3/group/{group_id}"
        answer = about("GET", group_id)
        assert answer.headers["Retry-After"] == "1"
        assert answer.body == {
            "group_id": group_id,
            "state": "QUEUED",
            "counts": counts(QUEUED=3),
            "tasks": [entry(name, group_id, "QUEUED") for name in HOSTS],
            "links": [
                {"rel": "self", "href": href},
                {"rel": "cancel", "method": "DELETE", "href": href},
            ],
        }

    def test_its_reports_are_those_of_all_hosts(self) -> None:
        group_id = create("web-*", count=1)
        work(group_id, "web-1", "web-2")
        answer = about("GET", group_id, detail="1", text="1")
        body = answer.body
        reports = body.pop("reports")
        assert body == {
            "group_id": group_id,
            "state": "SUCCESS",
            "counts": counts(SUCCESS=2),
            "tasks": [entry(name, group_id, "SUCCESS") for name in ("web-1", "web-2")],
            "next": "2x1",
            "links": [{"rel": "self", "href": f"/v3/group/{group_id}"}],
        }
        shown = ["host", "index", "at", "since_boot", "devices", "text"]
        assert [list(report) for report in reports] == [shown, shown]
        assert [(it["host"], it["index"]) for it in reports] == [("web-1", 0), ("web-2", 0)]
        path = f"/v3/task/web-1~{group_id}"
        task = ask_task("GET", f"web-1~{group_id}", version="v3", headers=ROOT).body
        assert task["result"] == {"iostat": reports[0]["text"]}
        assert task["links"] == [
            {"rel": "self", "href": path},
            {"rel": "group", "href": f"/v3/group/{group_id}"},
        ]
        after = about("GET", group_id, detail="1", since="2x1").body
        assert (after["reports"], after["next"]) == ([], "2x1")

    def test_who_did_not_answer_is_named_with_a_sentence(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        group_id = create("web-1", "db-1", start_within=30)
        work(group_id, "web-1")
        later = parts.clock.now() + 31
        monkeypatch.setattr(parts.sweeper._clock, "now", lambda: later)
        parts.comparison.off = 0
        parts.sweeper.sweep()
        body = about("GET", group_id).body
        why = "db-1 did not begin it within 30 s; it has never been seen."
        assert body["tasks"] == [
            entry("db-1", group_id, "FAILURE", why=why),
            entry("web-1", group_id, "SUCCESS"),
        ]
        assert (body["state"], body["no_answer"]) == ("FAILURE", ["db-1"])

    def test_uptimes_have_their_numbers(self) -> None:
        group_id = create("web-1", what="uptime")
        work(group_id, "web-1")
        body = about("GET", group_id, detail="1").body
        (report,) = body["reports"]
        assert list(report) == ["host", "index", "at", "uptime", "seconds", "users", "load"]
        assert (report["host"], report["index"], body["state"]) == ("web-1", 0, "SUCCESS")

    def test_it_is_not_found(self) -> None:
        detail = f"There is no group '{ZERO}': it was never created, or it has expired."
        for method in ("GET", "DELETE"):
            assert about(method, ZERO).body == problem(404, "Not Found", detail)

    @pytest.mark.parametrize(
        "query",
        [{"since": "1x0"}, {"since": "x"}, {"text": "1"}, {"timeout": "21"}, {"x": "1"}],
    )
    def test_a_query_that_is_not_allowed_is_400(self, query: Any) -> None:
        assert about("GET", create(), **query).status == 400


class TestCreate:
    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"hosts": []},
            {"hosts": "*"},
            {"hosts": [1]},
            {"hosts": ["A"]},
            {"hosts": ["1"]},
            {"hosts": ["a" * 33]},
            {"hosts": ["*"], "count": 0},
            {"hosts": ["*"], "count": "1"},
            {"hosts": ["*"], "wait": 1},
            {"hosts": ["*"], "start_within": 29},
            {"hosts": ["*"], "what": "x"},
            {"hosts": ["*"], "what": []},
            {"hosts": ["*"], "what": "uptime", "count": 1},
            {"hosts": ["*"], "x": 1},
        ],
    )
    def test_a_body_that_is_not_allowed_is_400(self, body: Any) -> None:
        assert post(body).status == 400

    def test_a_form_is_400(self) -> None:
        answer = ask("POST", "/v3/group/", headers={**ROOT, **FORM}, body="hosts=*")
        assert answer.status == 400

    def test_what_is_unknown_is_named(self) -> None:
        answer = post({"hosts": ["web-1", "web-9", "mail-*"]})
        detail = "There is no host 'web-9', 'mail-*'; nothing was made."
        assert answer.body == problem(404, "Not Found", detail)

    def test_the_same_key_makes_one_group(self) -> None:
        key = {"idempotency-key": "nightly"}
        first = post({"hosts": ["web-*"]}, **key)
        assert post({"hosts": ["web-*"]}, **key).body == first.body
        assert post({"hosts": ["*"]}, **key).status == 422


class TestCancel:
    def test_it_is_cancelled_once_and_again(self) -> None:
        group_id = create("web-1")
        for _ in range(2):
            assert about("DELETE", group_id).status == 204
        body = about("GET", group_id).body
        assert (body["state"], body["no_answer"]) == ("REVOKED", ["web-1"])
        assert body["tasks"] == [entry("web-1", group_id, "REVOKED")]

    def test_one_that_has_ended_is_409(self) -> None:
        group_id = create("web-1", count=1)
        work(group_id, "web-1")
        detail = "The group has ended as SUCCESS and cannot be cancelled."
        assert about("DELETE", group_id).body == problem(409, "Conflict", detail)
