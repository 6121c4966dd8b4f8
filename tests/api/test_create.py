"""Creating tasks: numbers from the query or the body, and idempotency keys."""

import json
from typing import Any

import pytest

from chalicelib.bootstrap import parts
from chalicelib.tasks import task_ids
from tests.support.asking import (
    FORM,
    JSON,
    Answer,
    ask,
    ask_task,
    basic,
    created,
    problem,
)


class TestNumbers:
    @pytest.mark.parametrize("path", ["/v1/iostat", "/v2/iostat"])
    @pytest.mark.parametrize("name", ["count", "wait"])
    @pytest.mark.parametrize(
        "value",
        ["1.5", "abc", "", "1e3", "1_0", "0x10", " 3", "٣", "0", "-1", "86401", "9" * 5000],
    )
    def test_a_wrong_number_is_400(self, path: str, name: str, value: str) -> None:
        query: dict[str, Any] = {"count": "2", "wait": "2", name: value}
        answer = ask("GET", path, **query)
        assert answer.status == 400
        assert answer.body["detail"].startswith(f"{name} must be a whole number from 1 to ")

    @pytest.mark.parametrize(
        "query", [{"wait": "1"}, {"count": "1", "wait": "1"}, {"count": "10000", "wait": "86400"}]
    )
    def test_a_window_that_is_not_allowed_is_400(self, query: dict[str, Any]) -> None:
        answer = ask("GET", "/v2/iostat", **query)
        assert answer.status == 400
        assert "wait" in answer.body["detail"]


class TestBounds:
    def test_a_task_too_many_is_429_until_one_has_ended(
        self, cloud: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPEN_TASKS_PER_SOURCE", "2")
        parts.reset()
        first, _ = created(ask("POST", "/v2/iostat")), created(ask("POST", "/v2/iostat"))
        answer = ask("POST", "/v2/iostat")
        detail = (
            "This address has 2 open tasks, the most that it may have; cancel one, or try again "
            "in 10 s."
        )
        assert answer.body == problem(429, "Too Many Requests", detail)
        assert answer.headers["Retry-After"] == "10"
        assert ask_task("DELETE", first).status == 204
        created(ask("POST", "/v2/iostat"))

    def test_windows_of_strangers_may_have_a_bound_of_their_own(
        self, cloud: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPEN_MAX_WINDOW", "20")
        parts.reset()
        created(ask("POST", "/v2/iostat", count="21", wait="1"))
        answer = ask("POST", "/v2/iostat", count="22", wait="1")
        detail = "count and wait ask for a window of 21 s; at most 20 s are allowed."
        assert answer.body == problem(400, "Bad Request", detail)


class TestCreate:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_task_is_made_from_the_query(self, cloud: Any, method: str) -> None:
        task_id = created(ask(method, "/v2/iostat/", count="3", wait="1"))
        assert task_ids.is_id(task_id)

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
            ("{", "The body must be JSON, but it cannot be read as JSON."),
            ("[" * 50_000, "The body must be JSON, but it cannot be read as JSON."),
            ('{"count": NaN}', "The body must be JSON, but it cannot be read as JSON."),
            (b"\xff", "The body must be JSON, but it cannot be read as JSON."),
            ("[3]", "The body must be a JSON object."),
            ("3", "The body must be a JSON object."),
            ('{"count": 3, "count": 3}', "The body gives 'count' more than once."),
            ('{"count": 3, "x": 1}', "The body has 'x'; allowed here: count, wait, extended, cpu."),
        ],
    )
    def test_a_body_that_is_no_object_with_known_fields_is_400(
        self, body: str | bytes, said: str
    ) -> None:
        answer = ask("POST", "/v2/iostat", headers=JSON, body=body)
        assert (answer.status, answer.body) == (400, problem(400, "Bad Request", said))

    @pytest.mark.parametrize(
        "value",
        ['{"a":' * 600 + "1" + "}" * 600, '"x"', "3.0", "true", "null", "[3]", '{"a": 1}', "0"],
    )
    def test_json_numbers_must_be_integers(self, value: str) -> None:
        answer = ask("POST", "/v2/iostat", headers=JSON, body=f'{{"count": {value}}}')
        assert answer.status == 400
        assert answer.body["detail"].startswith("count must be a whole number from 1 to 10000")

    @pytest.mark.parametrize("name", ["count", "wait"])
    def test_a_json_number_in_quotes_is_400_and_says_so(self, name: str) -> None:
        answer = ask("POST", "/v2/iostat", headers=JSON, body=json.dumps({"count": 2, name: "3"}))
        detail = f"{name} must be a JSON number, not a string: leave out the quotes of '3'."
        assert (answer.status, answer.body) == (400, problem(400, "Bad Request", detail))

    @pytest.mark.parametrize("body", ['{"count": 3}', ' \n{"count": 3, "wait": 1}', "[3]"])
    def test_json_that_is_sent_as_a_form_is_400_and_says_which_type_it_needs(
        self, body: str
    ) -> None:
        answer = ask("POST", "/v2/iostat", headers=FORM, body=body)
        detail = (
            "The body looks like JSON, but it was sent as a form; "
            "send Content-Type: application/json with it."
        )
        assert (answer.status, answer.body) == (400, problem(400, "Bad Request", detail))

    @pytest.mark.parametrize(
        "body", ["count=3&count=3", "count=3&x=1", "count", "count=%ff", "count=é"]
    )
    def test_a_form_that_cannot_be_read_is_400(self, body: str) -> None:
        assert ask("POST", "/v2/iostat", headers=FORM, body=body).status == 400

    def test_numbers_in_the_query_and_the_body_are_400(self) -> None:
        answer = ask("POST", "/v2/iostat", headers=JSON, body='{"count": 3}', wait="1")
        detail = "Give count, wait, extended and cpu in the query or in the body, not in both."
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

    def test_the_same_key_gives_the_same_answer_and_makes_no_second_task(self, cloud: Any) -> None:
        first = self.post("a-key", count="3")
        again = self.post("a-key", count="3")
        assert created(first) == created(again)
        assert (again.status, again.text) == (201, first.text)

    def test_the_same_key_with_other_numbers_is_422(self, cloud: Any) -> None:
        self.post("a-key", count="3")
        answer = self.post("a-key", count="4")
        detail = (
            "This Idempotency-Key was used for another window within the last day; "
            "choose a new one."
        )
        assert (answer.status, answer.body) == (422, problem(422, "Unprocessable Content", detail))

    def test_a_key_belongs_to_its_source_and_its_version(self, cloud: Any) -> None:
        parts.users.make_admin("root", "secret of root")
        headers = {"idempotency-key": "a-key", **basic("root", "secret of root")}
        ids = {
            created(self.post("a-key")),
            created(self.post("a-key", source="192.0.2.2")),
            created(ask("POST", "/v3/iostat", headers=headers), "v3"),
        }
        assert len(ids) == 3
        assert created(ask("POST", "/v3/iostat", headers=headers), "v3") in ids

    @pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é"])
    def test_a_key_that_is_not_allowed_is_400(self, cloud: Any, key: str) -> None:
        assert self.post(key).status == 400

    def test_a_key_of_a_get_is_ignored(self, cloud: Any) -> None:
        ids = {created(ask("GET", "/v2/iostat", headers={"idempotency-key": "a"})) for _ in "ab"}
        assert len(ids) == 2
