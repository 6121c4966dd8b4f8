"""Tasks for a host on HTTP: who may ask for what, and how they are shown."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.bootstrap import parts
from chalicelib.clock import SystemClock
from chalicelib.tasks import task_ids
from tests.support.as_admin import PASSWORD, ROOT, look
from tests.support.asking import JSON, ZERO, Answer, ask, ask_task, created, problem
from tests.support.rig import worker_of


@pytest.fixture(autouse=True)
def root(cloud: Any, one_thread: None) -> None:
    parts.users.make_admin("root", PASSWORD)
    for name in ("web-1", "db-1"):
        parts.hosts.add(name, by="root")


def create(host: str = "web-1", **query: Any) -> str:
    return created(ask("POST", "/v3/iostat/", headers=ROOT, host=host, **query), "v3")


def show(task_id: str, **query: Any) -> Any:
    answer = ask_task("GET", task_id, version="v3", headers=ROOT, **query)
    assert answer.status == 200
    return answer.body


def waiting() -> list[str]:
    """Give the ids of all tasks."""
    items = parts.dynamodb.scan(TableName="hoststat-dev-tasks")["Items"]
    return [item["task_id"]["S"] for item in items]


class TestCreate:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_task_for_a_host_says_so(self, method: str) -> None:
        asked: Any = {"host": "web-1", "count": "3", "wait": "2", "start_within": "60"}
        task_id = created(ask(method, "/v3/iostat/", headers=ROOT, **asked), "v3")
        assert task_ids.host_of(task_id) == "web-1"
        href = f"/v3/task/{task_id}"
        shown = show(task_id, detail="1")
        start_by = shown["request"].pop("start_by")
        assert shown["created_at"] < start_by
        assert shown == {
            "task_id": task_id,
            "state": "QUEUED",
            "links": [
                {"rel": "self", "href": href},
                {"rel": "cancel", "method": "DELETE", "href": href},
            ],
            "request": {"count": 3, "wait": 2, "host": "web-1"},
            "progress": {"done": 0, "of": 3},
            "created_at": shown["created_at"],
            "started_at": None,
            "ended_at": None,
            "expires_at": None,
            "host": None,
            "source": None,
            "reports": [],
            "next": 0,
        }

    def test_a_body_may_name_the_host(self) -> None:
        body = json.dumps({"host": "web-1", "count": 2, "start_within": 30})
        answer = ask("POST", "/v3/iostat/", headers={**ROOT, **JSON}, body=body)
        assert task_ids.host_of(created(answer, "v3")) == "web-1"

    def test_the_host_measures_it_and_others_cancel_it(self) -> None:
        task_id = create(count="1")
        parts.worker.work(task_id)
        worker_of("db-1", parts).work(task_id)
        assert show(task_id)["state"] == "QUEUED"
        worker_of("web-1", parts).work(task_id)
        shown = show(task_id)
        assert (shown["state"], list(shown["result"])) == ("SUCCESS", ["iostat"])
        other = create()
        encoded = other.replace("~", "%7E")
        assert ask_task("DELETE", encoded, version="v3", headers=ROOT).status == 204
        assert show(encoded)["state"] == "REVOKED"

    def test_hosts_may_take_longer_than_lambda(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAX_WINDOW", "3600")
        monkeypatch.setenv("MAX_WAIT", "840")
        parts.reset()
        asked: Any = {"count": "3", "wait": "7200"}
        assert ask("POST", "/v3/iostat/", headers=ROOT, **asked).status == 400
        create(**asked)
        too_long = ask("POST", "/v3/iostat/", headers=ROOT, host="web-1", count="32", wait="86400")
        detail = "count and wait ask for a window of 2678400 s; at most 2592000 s are allowed."
        assert (too_long.status, too_long.body["detail"]) == (400, detail)

    def test_an_unknown_host_is_404(self) -> None:
        answer = ask("POST", "/v3/iostat/", headers=ROOT, host="web-2")
        assert answer.body == problem(404, "Not Found", "There is no host 'web-2'.")
        assert waiting() == []

    @pytest.mark.parametrize(
        ("query", "named"),
        [
            *(({"host": name}, "host") for name in ("", "WEB-1", "1", "-a", "a-", "a.b", "a" * 33)),
            *(
                ({"host": "web-1", "start_within": given}, "start_within")
                for given in ("29", "1209601", "x", "")
            ),
            ({"start_within": "60"}, "start_within"),
            ({"host": ["web-1", "db-1"]}, "host"),
        ],
    )
    def test_what_is_not_allowed_is_400(self, query: dict[str, Any], named: str) -> None:
        answer = ask("POST", "/v3/iostat/", headers=ROOT, **query)
        assert answer.status == 400
        assert answer.body["detail"].startswith(named)
        assert waiting() == []

    @pytest.mark.parametrize("body", [{"host": 1}, {"host": None}, {"host": ["web-1"]}])
    def test_a_body_with_another_type_is_400(self, body: dict[str, Any]) -> None:
        answer = ask("POST", "/v3/iostat/", headers={**ROOT, **JSON}, body=json.dumps(body))
        assert answer.status == 400

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_v2_knows_no_start_within(self, method: str) -> None:
        answer = ask(method, "/v2/iostat/", start_within="60")
        detail = "The query has 'start_within'; allowed here: count, wait, extended, cpu."
        assert answer.body == problem(400, "Bad Request", detail)

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("GET", "/v1/uptime", "detail"),
            ("GET", "/v2/uptime", "detail"),
            ("GET", "/v1/iostat", "count, wait, extended, cpu, detail"),
            ("GET", "/v2/iostat", "count, wait, extended, cpu"),
            ("POST", "/v2/iostat", "count, wait, extended, cpu"),
        ],
    )
    def test_v1_and_v2_know_no_hosts_and_say_who_does(
        self, method: str, path: str, allowed: str
    ) -> None:
        what = path.rpartition("/")[2]
        detail = (
            f"The query has 'host'; allowed here: {allowed}. "
            f"v3 measures hosts: GET /api/v3/{what}/?host=NAME."
        )
        answer = ask(method, path, prefix="/api", host="web-1")
        assert answer.body == problem(400, "Bad Request", detail)

    def test_v2_says_so_of_a_body_too(self) -> None:
        answer = ask("POST", "/v2/iostat/", headers=JSON, body='{"count": 2, "host": "web-1"}')
        detail = (
            "The body has 'host'; allowed here: count, wait, extended, cpu. "
            "v3 measures hosts: GET /v3/iostat/?host=NAME."
        )
        assert answer.body == problem(400, "Bad Request", detail)


class TestList:
    def test_it_shows_the_tasks_of_one_host(self) -> None:
        ours = create(count="2")
        create("db-1")
        ask("POST", "/v3/iostat/", headers=ROOT)
        (entry,) = look("/v3/task/", host="web-1")["tasks"]
        start_by = entry["request"]["start_by"]
        assert entry["task_id"] == ours
        assert entry["request"] == {"count": 2, "wait": 1, "host": "web-1", "start_by": start_by}

    def test_its_links_keep_the_host(self) -> None:
        for _ in range(3):
            create()
        page = look("/v3/task/", host="web-1", limit="2")
        assert len(page["tasks"]) == 2
        assert "host=web-1" in page["links"][0]["href"]
        assert "after=" in page["links"][0]["href"]

    def test_a_name_that_cannot_be_one_is_400(self) -> None:
        assert ask("GET", "/v3/task/", headers=ROOT, host="A").status == 400

    def test_an_uptime_is_not_in_it(self, answering: Callable[..., Answer]) -> None:
        assert answering().status == 200
        assert look("/v3/task/") == {"tasks": []}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Give a function that asks web-1 for its uptime; the host answers while we wait."""

    class Clock(SystemClock):
        def sleep(self, seconds: Any) -> None:
            for task_id in waiting():
                worker_of("web-1", parts).work(task_id)

    def uptime(**query: Any) -> Answer:
        parts.reset(clock=Clock())
        return ask("GET", "/v3/uptime/", headers=ROOT, host="web-1", **query)

    return uptime


class TestUptime:
    def test_a_host_says_it(self, answering: Callable[..., Answer]) -> None:
        answer = answering()
        assert (answer.status, list(answer.body)) == (200, ["uptime"])

    def test_a_host_says_its_numbers(self, answering: Callable[..., Answer]) -> None:
        assert list(answering(detail="1").body) == ["uptime", "seconds", "users", "load", "host"]

    def test_its_task_can_be_looked_at(self, answering: Callable[..., Answer]) -> None:
        said = answering().body
        (task_id,) = waiting()
        shown = show(task_id, detail="1")
        start_by = shown["request"]["start_by"]
        assert shown["request"] == {"what": "uptime", "host": "web-1", "start_by": start_by}
        assert shown["result"] == said

    def test_a_host_that_does_not_answer_is_504(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOLD_SECONDS", "0")
        parts.reset()
        answer = ask("GET", "/v3/uptime/", headers=ROOT, host="web-1")
        detail = "web-1 did not answer within 0 s; it has never been seen."
        assert (answer.status, answer.body) == (504, problem(504, "Gateway Timeout", detail))
        (task_id,) = waiting()
        assert show(task_id)["state"] == "REVOKED"

    def test_an_unknown_host_is_404(self) -> None:
        answer = ask("GET", "/v3/uptime/", headers=ROOT, host="web-2")
        assert answer.body == problem(404, "Not Found", "There is no host 'web-2'.")

    def test_a_name_that_cannot_be_one_is_400(self) -> None:
        assert ask("GET", "/v3/uptime/", headers=ROOT, host="A").status == 400

    @pytest.mark.parametrize("version", ["v1", "v2"])
    def test_other_versions_know_no_hosts(self, version: str) -> None:
        assert ask("GET", f"/{version}/uptime/", host="web-1").status == 400


def test_v2_does_not_see_a_task_for_a_host() -> None:
    task_id = create()
    assert ask_task("GET", task_id).status == 404
    assert ask_task("GET", f"web-1~{ZERO}", version="v3", headers=ROOT).status == 404
