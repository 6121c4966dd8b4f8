"""Tasks of v2: created, read, and cancelled."""

import datetime
import urllib.parse
from typing import Any

import boto3
import pytest

from chalicelib.bootstrap import parts
from tests.support.asking import (
    ZERO,
    ask,
    ask_task,
    created,
    drain,
    problem,
)


def test_v2_says_where_there_is_a_list_of_tasks() -> None:
    for path in ("/v2/task/", "/v2/task"):
        answer = ask("GET", path)
        detail = "v2 keeps no list of tasks; v3 does, behind a login."
        assert (answer.status, answer.body) == (404, problem(404, "Not Found", detail))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_404_of_a_task_ends_with_the_hint_of_the_stage(
    cloud: Any, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = f"There is no task '{ZERO}': it was never created, or it has expired."
    assert ask_task(method, ZERO).body == problem(404, "Not Found", unknown)
    monkeypatch.setenv("NO_TASK_HINT", "Look under the table.")
    parts.reset()
    hinted = f"{unknown} Look under the table."
    assert ask_task(method, ZERO).body == problem(404, "Not Found", hinted)


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

    def test_links_of_a_task_have_the_prefix(self, cloud: Any) -> None:
        made = ask("POST", "/v2/iostat", prefix="/prod/x")
        href = f"/prod/x/v2/task/{made.body['task_id']}"
        assert made.headers["Location"] == made.body["links"][0]["href"] == href
        shown = ask_task("GET", made.body["task_id"], prefix="/prod/x")
        assert [link["href"] for link in shown.body["links"]] == [href, href]

    def ended(self) -> str:
        """Create a task of three reports and run it to its end."""
        task_id = created(ask("POST", "/v2/iostat", count="3"))
        drain()
        return task_id

    def test_a_task_shows_all_details_if_they_are_asked_for(self, cloud: Any) -> None:
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

    def test_a_report_that_is_missing_is_said_and_next_leads_past_it(
        self, cloud: Any, one_thread: None
    ) -> None:
        task_id = self.ended()
        text = ask_task("GET", task_id, since="2").body["result"]["iostat"]
        for index in ("0", "1"):
            key = {"task_id": {"S": task_id}, "index": {"N": index}}
            boto3.client("dynamodb").delete_item(TableName="hoststat-dev-reports", Key=key)
        answer = ask_task("GET", task_id, detail="1")
        said = "(report 0 is missing)\n\n(report 1 is missing)\n\n"
        assert answer.body["result"]["iostat"] == said + text
        assert answer.body["reports"][:2] == [
            {"index": 0, "at": None, "since_boot": True, "devices": []},
            {"index": 1, "at": None, "since_boot": False, "devices": []},
        ]
        assert [it["index"] for it in answer.body["reports"]] == [0, 1, 2]
        assert answer.body["next"] == 3
        assert "Link" not in answer.headers

    def test_since_leaves_out_the_earlier_reports(self, cloud: Any, one_thread: None) -> None:
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
    def test_a_query_that_is_not_allowed_is_400(
        self, cloud: Any, name: str, values: list[str]
    ) -> None:
        task_id = created(ask("POST", "/v2/iostat", count="3"))
        for value in values:
            answer = ask_task("GET", task_id, **{name: value})
            assert answer.status == 400
            assert answer.body["detail"].startswith(f"{name} must be ")
        assert ask_task("GET", ZERO, **{name: values[0]}).status == 400

    def test_links_lead_through_a_result_that_is_too_long_for_one_answer(
        self, cloud: Any, one_thread: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chalicelib.tasks.page.MAX_BYTES", 1000)
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
