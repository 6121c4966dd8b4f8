"""What the log says of a request: what was asked, why it was refused, and never a secret."""

import json
import logging
import urllib.parse
from typing import Any

import pytest

from chalicelib import log
from chalicelib.bootstrap import parts
from tests.support.as_admin import PASSWORD, ROOT
from tests.support.asking import (
    FORM,
    JSON,
    ZERO,
    Answer,
    ask,
    ask_task,
    ask_user,
    authorization,
    basic,
    created,
)

Logged = list[tuple[str, dict[str, object]]]

#: A password that begins as no other text in the tests, in all places where somebody may put it.
SECRET = "hunter22"
USER = {"username": "jluser", "fullname": "J.", "password": SECRET}


@pytest.fixture
def root(cloud: Any) -> None:
    parts.users.make_admin("root", PASSWORD)


def answered(logged: Logged, answer: Answer) -> dict[str, object]:
    """Give the last event, which must be the end of the request, without its id and its time."""
    event, fields = logged[-1]
    assert event == "answered"
    assert fields.pop("request_id") == answer.headers["X-Request-Id"]
    ms = float(str(fields.pop("ms")))
    assert 0 <= ms == round(ms, 1)
    return fields


def test_a_request_is_logged_with_its_query_and_the_address_of_its_caller(logged: Logged) -> None:
    answer = ask("GET", "/v1/iostat/", source="203.0.113.7", count="1", detail="1")
    assert answered(logged, answer) == {
        "method": "GET",
        "path": "/v1/iostat/",
        "query": {"count": "1", "detail": "1"},
        "user": None,
        "source": "203.0.113.7",
        "status": 200,
    }


@pytest.mark.usefixtures("root")
def test_a_create_is_logged_with_the_request_the_user_and_the_task(logged: Logged) -> None:
    answer = ask("POST", "/v3/iostat", headers={**ROOT, **JSON}, body='{"count": 3}')
    task_id = created(answer, "v3")
    told = dict(logged)
    assert told["task created"] == {
        "request_id": answer.headers["X-Request-Id"],
        "task_id": task_id,
        "count": 3,
        "wait": 1,
        "extended": False,
        "cpu": False,
        "user": "root",
        "source": "127.0.0.1",
    }
    assert answered(logged, answer) == {
        "method": "POST",
        "path": "/v3/iostat",
        "query": {},
        "user": "root",
        "source": "127.0.0.1",
        "status": 201,
        "task_id": task_id,
    }


@pytest.mark.usefixtures("cloud")
def test_a_refused_request_is_logged_with_the_reason(logged: Logged) -> None:
    answer = ask_task("GET", ZERO, since="3", timeout="0")
    assert answered(logged, answer) == {
        "method": "GET",
        "path": f"/v2/task/{ZERO}",
        "query": {"since": "3", "timeout": "0"},
        "user": None,
        "source": "127.0.0.1",
        "status": 404,
        "task_id": ZERO,
        "detail": answer.body["detail"],
    }


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"count": ["1", "2"]}, {"count": "1,2"}),
        ({"count": "x" * 100}, {"count": "x" * 70}),
        ({"count": "é" * 100}, {"count": "é" * 11}),
        ({"cuont": "3"}, {"cuont": "(not shown)"}),
        (
            {f"{index} {'x' * 40}": "3" for index in range(90)},
            {
                **{f"{index} {'x' * 38}": "(not shown)" for index in range(5)},
                "...": "(not shown)",
            },
        ),
    ],
)
def test_a_query_is_shown_as_far_as_the_path_knows_its_names(
    logged: Logged, query: dict[str, Any], shown: dict[str, str]
) -> None:
    assert answered(logged, ask("GET", "/v1/iostat", **query))["query"] == shown


def test_what_a_body_says_is_left_out_of_the_reason(logged: Logged) -> None:
    answer = ask("POST", "/v2/iostat", headers=JSON, body='{"count": 3.5}')
    bound = "count must be a whole number from 1 to 10000 in ASCII digits, not "
    assert answer.body["detail"] == f"{bound}3.5."
    assert answered(logged, answer)["detail"] == f"{bound}...."


def test_the_line_of_a_request_is_never_long(logged: Logged) -> None:
    query = {f"{index}é": "😀" * 1000 for index in range(100)}
    given = "\x01😀" * 60
    ask(
        "GET",
        "/v2/task/" + given,
        route="/v2/task/{task_id}",
        parameters={"task_id": given},
        headers={"x-request-id": "x" * 128},
        source="2001:db8:1111:2222:3333:4444:5555:6666",
        **query,
    )
    event, fields = logged[-1]
    record = logging.makeLogRecord({"msg": event, "levelname": "INFO", "fields": fields})
    assert len(log.line(record)) <= 1200


@pytest.mark.usefixtures("root")
def test_no_password_is_in_the_log_wherever_somebody_puts_it(logged: Logged) -> None:
    form = urllib.parse.urlencode(USER)
    whole = json.dumps(USER)
    headers = [
        basic("root", SECRET),
        basic(SECRET, "x"),
        {"authorization": authorization(SECRET)},
        {"authorization": f"Basic {SECRET}"},
        {"authorization": f"Bearer {SECRET}"},
        {"authorization": SECRET},
        {**ROOT, "cookie": SECRET, "idempotency-key": SECRET, "referer": SECRET},
    ]
    for header in headers:
        ask("GET", "/v3/uptime", headers=header)
        ask("POST", "/v3/iostat", headers=header)
    for name in ("password", "x", "user"):
        query: dict[str, Any] = {name: SECRET}
        ask("GET", "/v3/users", headers=ROOT, **query)
        ask("GET", "/v3/users", **query)
        ask("GET", "/v1/uptime", **query)
    bodies = [
        (JSON, whole),
        (JSON, json.dumps({**USER, "username": f"{SECRET}!"})),
        (JSON, json.dumps({**USER, "fullname": [SECRET]})),
        (JSON, json.dumps({**USER, "fullname": SECRET * 30})),
        (JSON, json.dumps({**USER, "admin": SECRET})),
        (JSON, json.dumps({**USER, SECRET: 1})),
        (JSON, f'{{"{SECRET}": 1, "{SECRET}": 2}}'),
        (JSON, whole[:-1]),
        (JSON, json.dumps(SECRET)),
        (FORM, form),
        (FORM, whole),
        (FORM, f"username=x&fullname=y&password=x&{SECRET}=z"),
        (FORM, f"username={SECRET}!&fullname=y&password={SECRET}"),
        (FORM, SECRET),
        ({"content-type": "text/plain"}, SECRET),
    ]
    for kind, body in bodies:
        ask("POST", "/v3/users", headers={**ROOT, **kind}, body=body)
        for method in ("PUT", "PATCH"):
            ask_user(method, "jluser", headers={**ROOT, **kind}, body=body)
        ask_user("PUT", "nobody", headers={**ROOT, **kind}, body=body)
        ask("POST", "/v2/iostat", headers=kind, body=body)
        ask("POST", "/v2/iostat", headers=kind, body=body, count="3")
    lines = [json.dumps(it) for it in logged]
    places = {authorization(it).removeprefix("Basic ") for it in (SECRET, f"root:{SECRET}")}
    assert len(lines) > 100
    assert [line for line in lines if any(it in line for it in {SECRET, *places})] == []


@pytest.mark.usefixtures("root")
class TestAudit:
    """One event for each change of users, and for each cancelled task, that says who did it."""

    def test_who_adds_changes_and_removes_a_user_is_logged(self, logged: Logged) -> None:
        def send(method: str, name: str, body: dict[str, object] | None = None) -> None:
            given = None if body is None else json.dumps(body)
            answer = ask_user(method, name, headers={**ROOT, **JSON}, body=given)
            assert answer.status < 300

        ask("POST", "/v3/users", headers={**ROOT, **JSON}, body=json.dumps(USER))
        send("PUT", "second", {**USER, "username": "second", "admin": True})
        send("PUT", "jluser", {**USER, "username": "new"})
        send("PATCH", "new", {"password": SECRET, "fullname": "N."})
        send("DELETE", "new")
        told = [(event, fields) for event, fields in logged if event != "answered"]
        for _, fields in told:
            assert fields.pop("request_id")
        who, became = {"by": "root"}, {"became": "new", "admin": False}
        assert told == [
            ("user created", {"user": "jluser", "admin": False, **who}),
            ("user created", {"user": "second", "admin": True, **who}),
            ("user replaced", {"user": "jluser", **became, **who}),
            ("user changed", {"user": "new", **became, "changed": ["fullname", "password"], **who}),
            ("user deleted", {"user": "new", **who}),
        ]

    def test_what_an_operator_does_is_said_to_be_his(self, logged: Logged) -> None:
        parts.users.make_admin("boss", PASSWORD)
        assert logged == [("admin made", {"user": "boss", "by": "an operator"})]

    def test_who_cancels_whose_task_is_logged(self, logged: Logged) -> None:
        parts.users.create({**USER, "password": PASSWORD})
        own = basic("jluser", PASSWORD)
        task_id = created(ask("POST", "/v3/iostat", headers=own), "v3")
        answer = ask_task("DELETE", task_id, version="v3", headers=ROOT)
        ask_task("DELETE", task_id, version="v3", headers=ROOT)
        request_id = answer.headers["X-Request-Id"]
        told = [fields for event, fields in logged if event == "task cancelled"]
        whose = {"owner": "jluser", "by": "root"}
        assert told == [{"request_id": request_id, "task_id": task_id, **whose}]

    def test_a_task_of_v2_is_nobodys(self, logged: Logged) -> None:
        answer = ask_task("DELETE", created(ask("POST", "/v2/iostat")))
        _, (event, fields), _ = logged[-3:]
        request_id = answer.headers["X-Request-Id"]
        assert (event, fields["request_id"]) == ("task cancelled", request_id)
        assert (fields["owner"], fields["by"]) == (None, None)
