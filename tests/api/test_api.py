"""The API in general, the indexes, v1, and the health check."""

import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from chalicelib.bootstrap import parts
from chalicelib.version import VERSION
from tests.support.asking import JSON, ZERO, ask, basic, problem
from tests.support.iostats import fake


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
    def test_any_other_request_id_is_replaced(self, sent: str) -> None:
        answer = ask("GET", "/", headers={"X-Request-Id": sent})
        assert uuid.UUID(answer.headers["X-Request-Id"])

    def test_links_begin_with_the_prefix_of_the_path(self) -> None:
        for path in ("/", "/v1", "/v2/", "/v3/"):
            for link in ask("GET", path, prefix="/api").body["links"]:
                assert link["href"].startswith("/api/v")
        assert ask("GET", "", route="/", prefix="/api").body["links"][0]["href"] == "/api/v1/"

    def test_the_index_of_v3_links_to_its_tasks_and_hosts_in_a_header(self) -> None:
        link = ask("GET", "/v3/", prefix="/api").headers["Link"]
        assert link == (
            '</api/v3/task/>; rel="tasks", </api/v3/hosts/>; rel="hosts", '
            '</api/v3/group/>; rel="groups"'
        )

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
            ("/v1/iostat", "count, wait, extended, cpu, detail"),
            ("/v2/iostat", "count, wait, extended, cpu"),
            ("/v2/task/{task_id}", "detail, since, timeout, text"),
        ],
    )
    def test_a_name_that_the_path_does_not_know_is_400(self, path: str, names: str) -> None:
        answer = ask("GET", path, parameters={"task_id": ZERO}, x="1")
        detail = f"The query has 'x'; allowed here: {names}."
        assert (answer.status, answer.body) == (400, problem(400, "Bad Request", detail))

    def test_two_values_for_one_name_are_400(self) -> None:
        answer = ask("GET", "/v1/iostat/", count=["1", "1"])
        detail = "count was given 2 times; give it once."
        assert answer.body == problem(400, "Bad Request", detail)

    def test_an_unexpected_error_is_500_without_a_stack(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv("MAX_COUNT", "many")
        answer = ask("GET", "/v1/iostat/")
        detail = "Something went wrong in the service; its log says what."
        assert answer.body == problem(500, "Internal Server Error", detail)

    def test_an_unexpected_error_in_the_middleware_is_500_too(
        self, monkeypatch: pytest.MonkeyPatch, cloud: Any
    ) -> None:
        """An error before the view must be answered like an error in the view."""
        monkeypatch.setenv("STAGE", "without-tables")
        answer = ask("GET", "/v3/uptime", headers=basic("root", "secret of root"))
        detail = "Something went wrong in the service; its log says what."
        assert answer.body == problem(500, "Internal Server Error", detail)
        assert answer.headers["Cache-Control"] == "no-store"

    def test_of_several_errors_the_first_is_answered(self) -> None:
        """The order is 405, 403, 413, 415, 400, 404."""
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
    def test_the_index_of_a_version_links_to_its_paths(
        self, version: str, names: list[str]
    ) -> None:
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
    def test_uptime_has_its_numbers_if_they_are_asked_for(self, version: str) -> None:
        body = ask("GET", f"/{version}/uptime/", detail="1").body
        assert list(body) == ["uptime", "seconds", "users", "load", "host"]
        assert [type(it) for it in body.values()] == [str, float, int, list, str]
        assert list(ask("GET", f"/{version}/uptime/", detail="0").body) == ["uptime"]

    def test_a_wrong_query_is_refused_before_anything_is_measured(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", fake(tmp_path, "exit 3", name="iostat"))
        assert ask("GET", "/v1/iostat", count="3", detail="2").status == 400

    def test_iostat_has_its_numbers_if_they_are_asked_for(self) -> None:
        body = ask("GET", "/v1/iostat/", count="2", detail="1").body
        assert list(body) == ["iostat", "reports"]
        assert [it["since_boot"] for it in body["reports"]] == [True, False]
        for index, report in enumerate(body["reports"]):
            assert list(report) == ["index", "at", "since_boot", "devices"]
            assert report["index"] == index
            assert all(list(it)[:2] == ["device", "tps"] for it in report["devices"])

    def test_a_machine_that_cannot_be_measured_is_500(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", fake(tmp_path, "exit 3", name="uptime"))
        answer = ask("GET", "/v1/uptime/")
        assert answer.status == 500
        assert answer.body["detail"].startswith("uptime ended with status 3.")

    def test_iostat_is_one_report_by_default(self) -> None:
        body = ask("GET", "/v1/iostat/").body
        assert list(body) == ["iostat"]
        assert body["iostat"].count("Device") == 1

    def test_a_window_that_is_too_long_for_v1_is_pointed_to_v2(self) -> None:
        answer = ask("GET", "/v1/iostat", prefix="/api", count="1000", wait="1000")
        detail = (
            "A window of 999000 s is too long for v1, which measures at most 25 s; "
            "use /api/v2/iostat/?count=1000&wait=1000 instead."
        )
        assert (answer.status, answer.body) == (400, problem(400, "Bad Request", detail))


class TestHealth:
    def test_health_needs_no_other_service(self) -> None:
        assert ask("GET", "/health").body == {"status": "ok"}

    def test_health_says_which_version_answers(self) -> None:
        assert ask("GET", "/health").headers["Hoststat-Version"] == VERSION

    def test_deep_health_asks_dynamodb_and_sqs_and_counts_workers(self, cloud: Any) -> None:
        answer = ask("GET", "/health", deep="1")
        detail = "No worker has been seen for 2 minutes; tasks wait."
        assert answer.body == problem(503, "Service Unavailable", detail)
        now = time.time()
        parts.host_store.attend("a worker", now, kept_until=now + 60)
        assert ask("GET", "/health/", deep="1").body == {"status": "ok", "workers": 1}

    def test_deep_health_counts_lambda_as_a_worker(
        self, cloud: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LAMBDA_WORKER", "on")
        assert ask("GET", "/health", deep="1").body == {"status": "ok", "workers": 1}

    def test_a_service_that_does_not_answer_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        answer = ask("GET", "/health", deep="1")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        detail = "DynamoDB does not answer."
        assert answer.body == problem(503, "Service Unavailable", detail)
