"""v3: logins, and tasks that need a login."""

import base64
import contextlib
import http.client
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest

from tests.blackbox.accounts import PASSWORD, Login, fields, href, new_name
from tests.blackbox.conftest import Ask


class TestLogin:
    def test_the_index_is_open(self, ask: Ask) -> None:
        names = [link["rel"] for link in ask("GET", "/v3/").json()["links"]]
        assert names == ["uptime", "iostat", "users"]

    @pytest.mark.parametrize(
        "path", ["/v3/uptime/", "/v3/iostat/", "/v3/users/", "/v3/task/", "/v3/hosts/"]
    )
    def test_a_stranger_is_asked_for_a_login(self, ask: Ask, path: str) -> None:
        answer = ask("GET", path)
        assert answer.status_code == 401
        assert answer.headers["Content-Type"] == "application/problem+json"
        # API Gateway changes the name of that header.
        challenge = answer.headers.get("WWW-Authenticate") or answer.headers.get(
            "x-amzn-Remapped-WWW-Authenticate"
        )
        assert challenge == 'Basic realm="hoststat", charset="UTF-8"'

    def test_a_user_is_let_in(self, ask: Ask, jluser: Login) -> None:
        for _ in range(2):
            assert list(ask("GET", "/v3/uptime/", auth=jluser).json()) == ["uptime"]

    def test_known_and_unknown_names_get_the_same_answer(self, ask: Ask, jluser: Login) -> None:
        known = ask("GET", "/v3/uptime/", auth=(jluser[0], "secret guess"))
        unknown = ask("GET", "/v3/uptime/", auth=(new_name(), "secret guess"))
        assert (known.status_code, known.text) == (401, unknown.text)
        assert set(known.headers) == set(unknown.headers)

    @pytest.mark.usefixtures("on_laptop")
    @pytest.mark.parametrize(
        "header",
        [
            b"",
            b"Basic",
            b"Basic  ",
            b"Basic !!!",
            b"Basic YTp",
            b"Bearer YTpi",
            b"Basic " + base64.b64encode(b"no colon"),
            b"Basic " + base64.b64encode(b"a:\xff\xfe"),
            b"Basic " + base64.b64encode(b"\x00:b"),
            b"Basic \xff\xfe",
            "Basic ＹＴｐｉ".encode(),  # noqa: RUF001
            b"Basic " + b"A" * 20_000,
        ],
    )
    def test_a_header_that_cannot_be_read_is_401(self, base_url: str, header: bytes) -> None:
        netloc = urllib.parse.urlsplit(base_url).netloc
        with contextlib.closing(http.client.HTTPConnection(netloc)) as connection:
            connection.putrequest("GET", "/v3/uptime")
            connection.putheader("Authorization", header)
            connection.endheaders()
            answer = connection.getresponse()
            assert (answer.status, answer.read()[:1]) == (401, b"{")

    def test_too_many_wrong_logins_are_slowed_down_for_that_name_alone(
        self, ask: Ask, jluser: Login, root: Login
    ) -> None:
        victim = new_name()
        ask("POST", "/v3/users/", json=fields(victim), auth=root)
        statuses = [
            ask("GET", "/v3/uptime/", auth=(victim, "secret guess")).status_code for _ in range(12)
        ]
        assert statuses == [401] * 10 + [429] * 2
        answer = ask("GET", "/v3/uptime/", auth=(victim, PASSWORD))
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 600
        assert ask("GET", "/v3/uptime/", auth=jluser).status_code == 200
        assert ask("DELETE", f"/v3/users/{victim}", auth=root).status_code == 204


class TestTasks:
    def test_a_task_is_created_watched_listed_and_belongs_to_v3_alone(
        self, ask: Ask, jluser: Login, root: Login, finished: Callable[..., dict[str, Any]]
    ) -> None:
        made = ask("POST", "/v3/iostat/", json={"count": 2}, auth=jluser)
        task_id = made.json()["task_id"]
        assert (made.status_code, made.headers["Location"]) == (201, href(made))
        for method in ("GET", "DELETE"):
            assert ask(method, f"/v2/task/{task_id}").status_code == 404
            assert ask(method, f"/v3/task/{task_id}").status_code == 401
        assert finished(task_id, "v3", auth=root)["result"]["iostat"].count("Device") == 2
        (entry,) = ask("GET", f"/v3/task/?owner={jluser[0]}", auth=root).json()["tasks"]
        assert entry == {
            "task_id": task_id,
            "state": "SUCCESS",
            "created_at": entry["created_at"],
            "owner": jluser[0],
            "request": {"count": 2, "wait": 1},
            "links": [{"rel": "self", "href": href(made)}],
        }

    def test_a_task_of_v2_is_none_of_v3(self, ask: Ask, root: Login) -> None:
        task_id = ask("POST", "/v2/iostat/").json()["task_id"]
        for method in ("GET", "DELETE"):
            assert ask(method, f"/v3/task/{task_id}", auth=root).status_code == 404

    def test_a_task_is_cancelled(self, ask: Ask, jluser: Login, root: Login) -> None:
        task_id = ask("GET", "/v3/iostat/?count=63", auth=jluser).json()["task_id"]
        assert ask("DELETE", f"/v3/task/{task_id}", auth=root).status_code == 204
        assert ask("GET", f"/v3/task/{task_id}", auth=jluser).json()["state"] == "REVOKED"
