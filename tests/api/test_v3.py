"""What only v3 has: tasks of its own, their list, and pauses after wrong logins."""

import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.bootstrap import parts
from chalicelib.measure.model import Window
from tests.support.as_admin import PASSWORD, ROOT, look
from tests.support.asking import ZERO, ask, ask_task, basic, created, problem


@pytest.fixture(autouse=True)
def root(cloud: Any) -> None:
    parts.users.make_admin("root", PASSWORD)


class TestTasks:
    def test_a_task_of_v3_looks_like_one_of_v2(self) -> None:
        task_id = created(ask("POST", "/v3/iostat", headers=ROOT, count="3"), "v3")
        href = f"/v3/task/{task_id}"
        shown = ask_task("GET", task_id, version="v3", headers=ROOT)
        assert shown.body == {
            "task_id": task_id,
            "state": "QUEUED",
            "links": [
                {"rel": "self", "href": href},
                {"rel": "cancel", "method": "DELETE", "href": href},
            ],
        }
        assert ask_task("DELETE", task_id, version="v3", headers=ROOT).status == 204

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    @pytest.mark.parametrize(("own", "other"), [("v2", "v3"), ("v3", "v2")])
    def test_a_task_of_another_version_gets_the_answer_of_an_unknown_one(
        self, method: str, own: str, other: str
    ) -> None:
        task_id = created(ask("GET", f"/{own}/iostat", headers=ROOT), own)
        foreign = ask_task(method, task_id, version=other, headers=ROOT)
        unknown = ask_task(method, ZERO, version=other, headers=ROOT)
        assert (foreign.status, unknown.status) == (404, 404)
        assert foreign.text.replace(task_id, ZERO) == unknown.text
        assert ask_task("GET", task_id, version=own, headers=ROOT).body["state"] == "QUEUED"

    def test_every_user_may_use_every_task(self) -> None:
        fields = {"username": "jluser", "fullname": "J.", "password": PASSWORD}
        parts.users.create(fields)
        task_id = created(ask("GET", "/v3/iostat", headers=ROOT), "v3")
        own = basic("jluser", PASSWORD)
        assert ask_task("GET", task_id, version="v3", headers=own).status == 200
        assert ask_task("DELETE", task_id, version="v3", headers=own).status == 204


class TestListOfTasks:
    @pytest.fixture
    def made(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
        """Give a function that creates a task, a quarter of a second after the one before."""
        service = parts.tasks
        now = [1_800_000_000.0]

        class Clock:
            def now(self) -> float:
                return now[0]

        monkeypatch.setattr(service, "_clock", Clock())

        def make(owner: str = "root", count: int = 1) -> str:
            now[0] += 0.25
            return service.create("v3", Window(count, 1), owner=owner)

        return make

    def entry(self, task_id: str, **fields: object) -> dict[str, object]:
        href = f"/v3/task/{task_id}"
        cancel = {"rel": "cancel", "method": "DELETE", "href": href}
        return {
            "task_id": task_id,
            "state": "QUEUED",
            "created_at": "2027-01-15T08:00:00Z",
            "owner": "root",
            "request": {"count": 1, "wait": 1},
            "links": [{"rel": "self", "href": href}, cancel],
            **fields,
        }

    def test_the_list_has_the_newest_first(self, made: Callable[..., str]) -> None:
        assert look("/v3/task/") == {"tasks": []}
        first, second, third = made(), made("jluser"), made(count=3)
        ask_task("DELETE", first, version="v3", headers=ROOT)
        ask("GET", "/v2/iostat")
        own = [{"rel": "self", "href": f"/v3/task/{first}"}]
        assert look("/v3/task/") == {
            "tasks": [
                self.entry(third, request={"count": 3, "wait": 1}),
                self.entry(second, owner="jluser"),
                self.entry(first, state="REVOKED", links=own),
            ]
        }

    def through(self, **query: str) -> list[list[str]]:
        """Give the ids on each page of the list."""
        pages = []
        while query:
            page = look("/v3/task/", prefix="/prod", **query)
            pages.append([task["task_id"] for task in page["tasks"]])
            href = page.get("links", [{"href": ""}])[0]["href"]
            assert not href or href.startswith("/prod/v3/task/?")
            query = dict(urllib.parse.parse_qsl(href.partition("?")[2]))
        return pages

    def test_its_links_lead_through_all_pages(self, made: Callable[..., str]) -> None:
        ids = [made() for _ in range(5)][::-1]
        assert self.through(limit="2") == [ids[0:2], ids[2:4], ids[4:]]
        assert self.through(limit="5") == [ids]

    def test_a_full_page_is_read_by_one_query_of_each_partition(
        self, made: Callable[..., str]
    ) -> None:
        """One task more is read than the page has, to learn whether there is a next page."""
        asked: list[tuple[str, int]] = []

        def hear(params: dict[str, Any], model: Any, **_: Any) -> None:
            batch = params.get("RequestItems", {}).get("hoststat-dev-tasks", {})
            asked.append((model.name, params.get("Limit", len(batch.get("Keys", ())))))

        ids = [made() for _ in range(101)][::-1]
        look("/v3/task/", limit="1")
        parts.dynamodb.meta.events.register("provide-client-params.dynamodb.*", hear)
        page = look("/v3/task/", limit="100")
        assert [task["task_id"] for task in page["tasks"]] == ids[:100]
        assert [link["rel"] for link in page["links"]] == ["next"]
        listing = [it for it in asked if it[0] in ("Query", "BatchGetItem")]
        assert listing == [*[("Query", 51)] * 5, ("BatchGetItem", 100), ("BatchGetItem", 1)]

    def test_it_can_show_only_one_owner_and_one_state(self, made: Callable[..., str]) -> None:
        ids = [made("jluser" if index % 3 else "root") for index in range(9)][::-1]
        others = [it for index, it in enumerate(ids) if (8 - index) % 3]
        assert self.through(limit="4", owner="jluser") == [others[:4], others[4:]]
        ask_task("DELETE", ids[7], version="v3", headers=ROOT)
        assert self.through(limit="4", state="REVOKED") == [[ids[7]]]
        assert self.through(limit="4", state="REVOKED", owner="root") == [[]]
        assert self.through(limit="9", state="QUEUED", owner="nobody") == [[]]

    def test_a_task_that_is_deleted_between_two_pages_does_not_end_the_list(
        self, made: Callable[..., str]
    ) -> None:
        ids = [made() for _ in range(3)][::-1]
        page = look("/v3/task/", limit="1")
        parts.dynamodb.delete_item(TableName="hoststat-dev-tasks", Key={"task_id": {"S": ids[0]}})
        query = dict(urllib.parse.parse_qsl(page["links"][0]["href"].partition("?")[2]))
        assert self.through(**query) == [[ids[1]], [ids[2]]]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *(("limit", value) for value in ("0", "101", "x", "")),
            *(("state", value) for value in ("", "queued", "RUNNING")),
            *(("owner", value) for value in ("", "a b")),
            *(
                ("after", value)
                for value in ("", "x", ZERO, f"1_{ZERO}x", f"x_{ZERO}", f"-1_{ZERO}", f"inf_{ZERO}")
            ),
            ("x", "1"),
        ],
    )
    def test_a_query_that_is_not_allowed_is_400(self, name: str, value: str) -> None:
        query: dict[str, Any] = {name: value}
        answer = ask("GET", "/v3/task", headers=ROOT, **query)
        assert answer.status == 400
        assert name in answer.body["detail"]


class TestGuessing:
    def test_too_many_wrong_logins_are_429(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOGIN_FAILURES", "2")
        parts.reset()
        wrong = basic("root", "secret guess")
        for _ in range(2):
            assert ask("GET", "/v3/uptime", headers=wrong).status == 401
        for headers in (wrong, ROOT):
            answer = ask("GET", "/v3/uptime", headers=headers)
            seconds = int(answer.headers["Retry-After"])
            assert 590 <= seconds <= 600
            detail = (
                f"Too many wrong logins with this name from this address; try again in {seconds} s."
                " A new password that an admin gives it ends this sooner."
            )
            assert (answer.status, answer.body) == (429, problem(429, "Too Many Requests", detail))
        forged = {**wrong, "x-forwarded-for": "192.0.2.9", "forwarded": "for=192.0.2.9"}
        assert ask("GET", "/v3/uptime", headers=forged).status == 429
        assert ask("GET", "/v3/uptime", headers=ROOT, source="192.0.2.9").status == 200
