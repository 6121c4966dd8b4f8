"""What callers are promised, asked of the app itself."""

import datetime
import json
import urllib.parse
import uuid
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap, tasks
from tests.api import FORM, JSON, Answer, ask, ask_task, basic, drain, problem

ZERO = "00000000-0000-4000-8000-000000000000"


def created(answer: Answer, version: str = "v2") -> str:
    """The id in the answer to a create, which must be as promised."""
    task_id: str = answer.body["task_id"]
    href = f"/{version}/task/{task_id}"
    assert (answer.status, answer.headers["Location"]) == (201, href)
    assert answer.body == {"task_id": task_id, "links": [{"rel": "task", "href": href}]}
    return task_id


class TestEverywhere:
    def test_every_answer_is_private_typed_and_has_an_id(self) -> None:
        headers = ask("GET", "/v1").headers
        assert uuid.UUID(headers.pop("X-Request-Id"))
        assert headers == {
            "Cache-Control": "no-store",
            "Content-Type": "application/json",
            "X-Content-Type-Options": "nosniff",
        }

    @pytest.mark.parametrize("sent", ["a-b_c.1:2/3+4=", "x" * 128])
    def test_a_sane_request_id_is_kept(self, sent: str) -> None:
        assert ask("GET", "/", headers={"X-Request-Id": sent}).headers["X-Request-Id"] == sent

    @pytest.mark.parametrize("sent", ["", "x" * 129, "a b", "a\r\nSet-Cookie: x", "é"])
    def test_another_is_not(self, sent: str) -> None:
        answer = ask("GET", "/", headers={"X-Request-Id": sent})
        assert uuid.UUID(answer.headers["X-Request-Id"])

    def test_links_begin_with_what_precedes_the_route(self) -> None:
        for path in ("/", "/v1", "/v2/", "/v3/"):
            for link in ask("GET", path, prefix="/api").body["links"]:
                assert link["href"].startswith("/api/v")
        assert ask("GET", "", route="/", prefix="/api").body["links"][0]["href"] == "/api/v1/"

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
    def test_a_method_that_a_path_does_not_know_is_405(self, method: str) -> None:
        answer = ask(method, "/v1/uptime/")
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")
        detail = f"{method} is not allowed here, only GET."
        assert answer.body == problem(405, "Method Not Allowed", detail)
        assert answer.headers["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize(
        ("path", "names"),
        [
            *((path, "none") for path in ("/", "/v1", "/v2", "/v3")),
            ("/v1/uptime", "detail"),
            ("/v2/uptime", "detail"),
            ("/v1/iostat", "count, wait, detail"),
            ("/v2/iostat", "count, wait"),
            ("/v2/task/{task_id}", "detail, since, timeout"),
        ],
    )
    def test_a_name_that_the_path_does_not_know_is_400(self, path: str, names: str) -> None:
        answer = ask("GET", path, parameters={"task_id": ZERO}, x="1")
        detail = f"The query has 'x'; allowed here: {names}."
        assert (answer.status, answer.body) == (400, problem(400, "Bad Request", detail))

    def test_two_values_for_one_name_are_400(self) -> None:
        answer = ask("GET", "/v1/iostat/", count=["1", "1"])
        detail = "count was given 2 times, once is allowed."
        assert answer.body == problem(400, "Bad Request", detail)

    def test_what_nobody_foresaw_is_500_without_a_stack(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv("MAX_COUNT", "many")
        answer = ask("GET", "/v1/iostat/")
        detail = "Something went wrong here; the log knows more."
        assert answer.body == problem(500, "Internal Server Error", detail)

    def test_nor_at_the_door(self, monkeypatch: pytest.MonkeyPatch, cloud: Any) -> None:
        """What is wrong before any view has the request leaves as what is wrong in one."""
        monkeypatch.setenv("STAGE", "without-tables")
        answer = ask("GET", "/v3/uptime", headers=basic("root", "secret of root"))
        detail = "Something went wrong here; the log knows more."
        assert answer.body == problem(500, "Internal Server Error", detail)
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/v2/iostat"), ("POST", "/v2/iostat"), ("DELETE", "/v2/task/{task_id}")],
    )
    def test_a_page_of_another_site_changes_nothing(self, method: str, path: str) -> None:
        answer = ask(
            method,
            path,
            parameters={"task_id": ZERO},
            headers={"Sec-Fetch-Site": "Cross-Site"},
        )
        detail = "A page of another site may not change anything here."
        assert answer.body == problem(403, "Forbidden", detail)

    @pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
    def test_a_page_of_this_site_may(self, cloud: Any, site: str) -> None:
        assert ask("GET", "/v2/iostat", headers={"sec-fetch-site": site}).status == 201

    def test_a_page_of_another_site_may_look(self) -> None:
        assert ask("GET", "/v2", headers={"sec-fetch-site": "cross-site"}).status == 200

    def test_the_first_of_several_faults_is_said(self) -> None:
        """405, 403, 413, 415, 400, 404."""
        fault: dict[str, Any] = {
            "parameters": {"task_id": "x"},
            "headers": {"sec-fetch-site": "cross-site", "content-type": "text/plain"},
            "body": "x" * 70_000,
            "x": "1",
        }
        assert ask("PUT", "/v2/iostat", **fault).status == 405
        assert ask("POST", "/v2/iostat", **fault).status == 403
        fault["headers"].pop("sec-fetch-site")
        assert ask("POST", "/v2/iostat", **fault).status == 413
        fault["body"] = "x"
        assert ask("POST", "/v2/iostat", **fault).status == 415
        fault["headers"] = JSON
        assert ask("POST", "/v2/iostat", **fault).status == 400
        assert ask("GET", "/v2/task/{task_id}", **fault).status == 400
        fault.pop("x")
        assert ask("GET", "/v2/task/{task_id}", **fault).status == 404


class TestIndexes:
    def test_the_root_has_the_versions(self) -> None:
        links = [{"rel": name, "href": f"/{name}/"} for name in ("v1", "v2", "v3")]
        answer = ask("GET", "/", prefix="/prod")
        assert answer.headers["Link"] == '</prod/openapi.json>; rel="service-desc"'
        assert ask("GET", "/").body == {"links": links}

    @pytest.mark.parametrize(
        ("version", "names"),
        [
            ("v1", ["uptime", "iostat"]),
            ("v2", ["uptime", "iostat"]),
            ("v3", ["uptime", "iostat", "users"]),
        ],
    )
    def test_a_version_has_what_there_is_of_it(self, version: str, names: list[str]) -> None:
        links = [{"rel": name, "href": f"/{version}/{name}/"} for name in names]
        for path in (f"/{version}", f"/{version}/"):
            answer = ask("GET", path)
            assert (answer.status, answer.body) == (200, {"links": links})


class TestV1:
    @pytest.mark.parametrize("version", ["v1", "v2"])
    def test_uptime_is_what_uptime_prints(self, version: str) -> None:
        body = ask("GET", f"/{version}/uptime/").body
        assert list(body) == ["uptime"]
        assert "load average: " in body["uptime"]
        assert body["uptime"] == body["uptime"].strip()

    @pytest.mark.parametrize("version", ["v1", "v2"])
    def test_uptime_has_its_numbers_for_who_asks(self, version: str) -> None:
        body = ask("GET", f"/{version}/uptime/", detail="1").body
        assert list(body) == ["uptime", "seconds", "users", "load", "host"]
        assert [type(it) for it in body.values()] == [str, float, int, list, str]
        assert list(ask("GET", f"/{version}/uptime/", detail="0").body) == ["uptime"]

    def test_a_query_that_means_nothing_is_refused_before_anything_is_measured(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        broken = tmp_path / "iostat"
        broken.write_text("#!/bin/sh\nexit 3\n")
        broken.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert ask("GET", "/v1/iostat", count="3", detail="2").status == 400

    def test_iostat_has_its_numbers_for_who_asks(self) -> None:
        body = ask("GET", "/v1/iostat/", count="2", detail="1").body
        assert list(body) == ["iostat", "reports"]
        assert [it["since_boot"] for it in body["reports"]] == [True, False]
        for index, report in enumerate(body["reports"]):
            assert list(report) == ["index", "at", "since_boot", "devices"]
            assert report["index"] == index
            assert all(list(it)[:2] == ["device", "tps"] for it in report["devices"])

    def test_a_host_that_cannot_be_measured_is_500(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        broken = tmp_path / "uptime"
        broken.write_text("#!/bin/sh\nexit 3\n")
        broken.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        answer = ask("GET", "/v1/uptime/")
        assert answer.status == 500
        assert answer.body["detail"].startswith("uptime cannot be had: ")

    def test_iostat_is_one_report_if_nothing_is_said(self) -> None:
        body = ask("GET", "/v1/iostat/").body
        assert list(body) == ["iostat"]
        assert body["iostat"].count("Device") == 1

    def test_a_window_that_is_too_long_to_wait_for_is_shown_the_way(self) -> None:
        answer = ask("GET", "/v1/iostat", prefix="/api", count="1000", wait="1000")
        detail = (
            "A window of 999000 s is too long to wait for, more than 25 s; "
            "ask /api/v2/iostat/?count=1000&wait=1000 instead."
        )
        assert (answer.status, answer.body) == (400, problem(400, "Bad Request", detail))


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


class TestHealth:
    def test_it_is_well_without_asking_anybody(self) -> None:
        assert ask("GET", "/health").body == {"status": "ok"}

    def test_deep_it_asks_what_it_needs(self, cloud: Any) -> None:
        assert ask("GET", "/health/", deep="1").body == {"status": "ok"}

    def test_what_does_not_answer_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        answer = ask("GET", "/health", deep="1")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        detail = "DynamoDB does not answer."
        assert answer.body == problem(503, "Service Unavailable", detail)


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
        monkeypatch.setattr("chalicelib.pages.MAX_BYTES", 1000)
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
