"""Tasks as callers are promised them: created, named by a key, looked at, cancelled."""

import datetime
import json
import urllib.parse
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.tasks import model as tasks
from tests.support.asking import (
    FORM,
    JSON,
    ZERO,
    Answer,
    ask,
    ask_task,
    basic,
    created,
    drain,
    problem,
)


class TestNumbers:
    @pytest.mark.parametrize("path", ["/v1/iostat", "/v2/iostat"])
    @pytest.mark.parametrize("name", ["count", "wait"])
    @pytest.mark.parametrize(
        "value",
        ["1.5", "abc", "", "1e3", "1_0", "0x10", " 3", "٣", "0", "-1", "86401", "9" * 5000],
    )
    def test_what_is_no_number_in_its_bounds_is_400(self, path: str, name: str, value: str) -> None:
        query: dict[str, Any] = {"count": "2", "wait": "2", name: value}
        answer = ask("GET", path, **query)
        assert answer.status == 400
        assert answer.body["detail"].startswith(f"{name} must be a whole number from 1 to ")

    @pytest.mark.parametrize(
        "query", [{"wait": "1"}, {"count": "1", "wait": "1"}, {"count": "10000", "wait": "86400"}]
    )
    def test_a_window_that_cannot_be_is_400(self, query: dict[str, Any]) -> None:
        answer = ask("GET", "/v2/iostat", **query)
        assert answer.status == 400
        assert "wait" in answer.body["detail"]


class TestCreate:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_task_is_made_from_the_query(self, cloud: Any, method: str) -> None:
        task_id = created(ask(method, "/v2/iostat/", count="3", wait="1"))
        assert tasks.is_id(task_id)

    @pytest.mark.parametrize(
        ("headers", "body"),
        [
            (JSON, '{"count": 3, "wait": 1}'),
            ({"Content-Type": "application/JSON; charset=utf-8"}, '{"count": 3}'),
            ({}, '{"count": 3}'),
            (JSON, "{}"),
            (FORM, "count=3&wait=1"),
            ({"content-type": "text/plain"}, ""),
        ],
    )
    def test_a_task_is_made_from_the_body(
        self, cloud: Any, headers: dict[str, str], body: str
    ) -> None:
        created(ask("POST", "/v2/iostat", headers=headers, body=body))

    def test_a_body_sent_with_get_is_ignored(self, cloud: Any) -> None:
        created(ask("GET", "/v2/iostat", headers={"content-type": "image/png"}, body="x" * 70_000))

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ("{", "The body must be JSON, and cannot be read as that."),
            ("[" * 50_000, "The body must be JSON, and cannot be read as that."),
            ('{"count": NaN}', "The body must be JSON, and cannot be read as that."),
            (b"\xff", "The body must be JSON, and cannot be read as that."),
            ("[3]", "The body must be a JSON object."),
            ("3", "The body must be a JSON object."),
            ('{"count": 3, "count": 3}', "The body gives 'count' more than once."),
            ('{"count": 3, "x": 1}', "The body has 'x'; allowed here: count, wait."),
        ],
    )
    def test_a_body_that_is_no_object_of_ours_is_400(self, body: str | bytes, said: str) -> None:
        answer = ask("POST", "/v2/iostat", headers=JSON, body=body)
        assert (answer.status, answer.body) == (400, problem(400, "Bad Request", said))

    @pytest.mark.parametrize(
        "value",
        ['{"a":' * 600 + "1" + "}" * 600, '"3"', "3.0", "true", "null", "[3]", '{"a": 1}', "0"],
    )
    def test_json_numbers_are_integers(self, value: str) -> None:
        answer = ask("POST", "/v2/iostat", headers=JSON, body=f'{{"count": {value}}}')
        assert answer.status == 400
        assert answer.body["detail"].startswith("count must be a whole number from 1 to 10000")

    @pytest.mark.parametrize(
        "body", ["count=3&count=3", "count=3&x=1", "count", "count=%ff", "count=é"]
    )
    def test_a_form_that_cannot_be_read_is_400(self, body: str) -> None:
        assert ask("POST", "/v2/iostat", headers=FORM, body=body).status == 400

    def test_numbers_in_the_query_and_the_body_are_400(self) -> None:
        answer = ask("POST", "/v2/iostat", headers=JSON, body='{"count": 3}', wait="1")
        detail = "Give count and wait in the query or in the body, not in both."
        assert answer.body == problem(400, "Bad Request", detail)

    def test_a_body_of_another_type_is_415(self) -> None:
        answer = ask("POST", "/v2/iostat", headers={"content-type": "text/plain"}, body="x")
        detail = "A body must be application/json or application/x-www-form-urlencoded."
        assert answer.body == problem(415, "Unsupported Media Type", detail)

    def test_a_body_over_64_kb_is_413(self) -> None:
        most = json.dumps({"x": "x" * (65_536 - 9)})
        assert len(most) == 65_536
        assert ask("POST", "/v2/iostat", headers=JSON, body=most).status == 400
        answer = ask("POST", "/v2/iostat", headers=JSON, body=most + " ")
        detail = "A body may be at most 64 KB long."
        assert answer.body == problem(413, "Content Too Large", detail)


class TestKey:
    def post(self, key: str, source: str = "192.0.2.1", **query: Any) -> Answer:
        headers = {"idempotency-key": key}
        return ask("POST", "/v2/iostat", headers=headers, source=source, **query)

    def test_the_same_key_gives_the_same_answer_and_makes_nothing(self, cloud: Any) -> None:
        first = self.post("a-key", count="3")
        again = self.post("a-key", count="3")
        assert created(first) == created(again)
        assert (again.status, again.text) == (201, first.text)

    def test_with_other_numbers_it_is_422(self, cloud: Any) -> None:
        self.post("a-key", count="3")
        answer = self.post("a-key", count="4")
        detail = "The Idempotency-Key was used for another window within a day; take a new one."
        assert (answer.status, answer.body) == (422, problem(422, "Unprocessable Content", detail))

    def test_it_belongs_to_its_source_and_its_version(self, cloud: Any) -> None:
        bootstrap.directory().make_admin("root", "secret of root")
        headers = {"idempotency-key": "a-key", **basic("root", "secret of root")}
        ids = {
            created(self.post("a-key")),
            created(self.post("a-key", source="192.0.2.2")),
            created(ask("POST", "/v3/iostat", headers=headers), "v3"),
        }
        assert len(ids) == 3
        assert created(ask("POST", "/v3/iostat", headers=headers), "v3") in ids

    @pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é"])
    def test_one_that_is_none_is_400(self, cloud: Any, key: str) -> None:
        assert self.post(key).status == 400

    def test_a_get_has_none(self, cloud: Any) -> None:
        ids = {created(ask("GET", "/v2/iostat", headers={"idempotency-key": "a"})) for _ in "ab"}
        assert len(ids) == 2


class TestTask:
    def test_a_created_task_is_queued_and_can_be_cancelled(self, cloud: Any) -> None:
        task_id = created(ask("GET", "/v2/iostat", count="3"))
        answer = ask_task("GET", task_id)
        href = f"/v2/task/{task_id}"
        assert (answer.status, answer.headers["Retry-After"]) == (200, "2")
        assert answer.body == {
            "task_id": task_id,
            "state": "QUEUED",
            "links": [
                {"rel": "self", "href": href},
                {"rel": "cancel", "method": "DELETE", "href": href},
            ],
        }

    def test_a_cancelled_task_is_revoked_for_good(self, cloud: Any) -> None:
        task_id = created(ask("GET", "/v2/iostat"))
        for _ in range(2):
            answer = ask_task("DELETE", task_id)
            assert (answer.status, answer.text) == (204, "")
            assert "Content-Type" not in answer.headers
            shown = ask_task("GET", task_id)
            assert shown.body == {
                "task_id": task_id,
                "state": "REVOKED",
                "links": [{"rel": "self", "href": f"/v2/task/{task_id}"}],
                "result": {"iostat": ""},
            }
            assert "Retry-After" not in shown.headers

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    @pytest.mark.parametrize("task_id", [ZERO, "..%2Fx", "", "a" * 300, "😀", ZERO.upper() + "A"])
    def test_a_task_that_was_never_made_is_404(self, cloud: Any, method: str, task_id: str) -> None:
        answer = ask_task(method, task_id)
        assert answer.status == 404
        assert answer.body["detail"].startswith("There is no task ")

    def test_links_of_a_task_bear_the_prefix(self, cloud: Any) -> None:
        made = ask("POST", "/v2/iostat", prefix="/prod/x")
        href = f"/prod/x/v2/task/{made.body['task_id']}"
        assert made.headers["Location"] == made.body["links"][0]["href"] == href
        shown = ask_task("GET", made.body["task_id"], prefix="/prod/x")
        assert [link["href"] for link in shown.body["links"]] == [href, href]

    def ended(self) -> str:
        """A task of three reports that has run."""
        task_id = created(ask("POST", "/v2/iostat", count="3"))
        drain()
        return task_id

    def test_a_task_shows_all_that_is_known_for_who_asks(self, cloud: Any) -> None:
        task_id = created(ask("GET", "/v2/iostat", count="3"))
        queued = ask_task("GET", task_id, detail="1").body
        assert list(queued)[:3] == ["task_id", "state", "links"]
        created_at = queued["created_at"]
        assert datetime.datetime.fromisoformat(created_at).tzinfo is not None
        assert {name: it for name, it in queued.items() if name not in ("task_id", "links")} == {
            "state": "QUEUED",
            "request": {"count": 3, "wait": 1},
            "progress": {"done": 0, "of": 3},
            "created_at": created_at,
            "started_at": None,
            "ended_at": None,
            "expires_at": None,
            "host": None,
            "source": None,
            "reports": [],
            "next": 0,
        }

    def test_an_ended_task_shows_its_reports_in_text_and_numbers(
        self, cloud: Any, one_thread: None
    ) -> None:
        task_id = self.ended()
        plain = ask_task("GET", task_id)
        assert "Link" not in plain.headers
        body = ask_task("GET", task_id, detail="1").body
        assert body["result"] == plain.body["result"]
        assert (body["progress"], body["next"]) == ({"done": 3, "of": 3}, 3)
        assert [it["index"] for it in body["reports"]] == [0, 1, 2]
        assert [it["since_boot"] for it in body["reports"]] == [True, False, False]
        assert all(body[name] for name in ("started_at", "ended_at", "expires_at", "host"))

    def test_since_leaves_out_what_came_before(self, cloud: Any, one_thread: None) -> None:
        task_id = self.ended()
        whole = ask_task("GET", task_id).body["result"]["iostat"]
        for since in ("0", "2", "3"):
            body = ask_task("GET", task_id, since=since, detail="1").body
            assert [it["index"] for it in body["reports"]] == list(range(int(since), 3))
            assert body["next"] == 3
            text = body["result"]["iostat"]
            assert whole.endswith(text)
            assert text.count("Device") == 3 - int(since)

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("since", ["-1", "4", "x", "", "1.5", "10001"]),
            ("timeout", ["-1", "21", "x", "", "1.5"]),
            ("detail", ["", "2", "true"]),
        ],
    )
    def test_a_look_that_cannot_be_is_400(self, cloud: Any, name: str, values: list[str]) -> None:
        task_id = created(ask("POST", "/v2/iostat", count="3"))
        for value in values:
            answer = ask_task("GET", task_id, **{name: value})
            assert answer.status == 400
            assert answer.body["detail"].startswith(f"{name} must be ")
        assert ask_task("GET", ZERO, **{name: values[0]}).status == 400

    def test_what_is_too_long_for_an_answer_is_led_through(
        self, cloud: Any, one_thread: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chalicelib.api.pages.MAX_BYTES", 1000)
        task_id = created(ask("POST", "/v2/iostat", count="5"))
        drain()
        for detail in ("0", "1"):
            text, indices, query = "", [], {"detail": detail}
            while query:
                answer = ask_task("GET", task_id, prefix="/prod", **query)
                text += answer.body["result"]["iostat"]
                indices += [it["index"] for it in answer.body.get("reports", [])]
                link = answer.headers.get("Link", "")
                assert not link or link.startswith(f"</prod/v2/task/{task_id}?since=")
                assert not link or link.endswith('>; rel="next"')
                query = dict(urllib.parse.parse_qsl(link.partition("?")[2].partition(">")[0]))
                assert not query or query.get("detail", "0") == detail
            assert text.count("Device") == 5
            assert indices == ([0, 1, 2, 3, 4] if detail == "1" else [])
