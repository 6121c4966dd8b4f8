"""v3: logins, users, and tasks behind them."""

import base64
import contextlib
import http.client
import secrets
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.blackbox.conftest import HOST, Ask

Login = tuple[str, str]
PASSWORD = "secret of a user"


def new_name() -> str:
    """A name that nobody has."""
    return f"user-{secrets.token_hex(6)}"


def fields(username: str, **more: object) -> dict[str, Any]:
    return {"username": username, "fullname": "J. Random Luser", "password": PASSWORD, **more}


def href(answer: requests.Response) -> str:
    found: str = answer.json()["links"][0]["href"]
    return found


@pytest.fixture
def jluser(ask: Ask, root: Login) -> Iterator[Login]:
    """A user, for the time of a test."""
    username = new_name()
    assert ask("POST", "/v3/users/", json=fields(username), auth=root).status_code == 201
    yield username, PASSWORD
    ask("DELETE", f"/v3/users/{username}", auth=root)


class TestLogin:
    def test_the_index_is_open(self, ask: Ask) -> None:
        names = [link["rel"] for link in ask("GET", "/v3/").json()["links"]]
        assert names == ["uptime", "iostat", "users"]

    @pytest.mark.parametrize("path", ["/v3/uptime/", "/v3/iostat/", "/v3/users/", "/v3/task/"])
    def test_a_stranger_is_asked_for_a_login(self, ask: Ask, path: str) -> None:
        answer = ask("GET", path)
        assert answer.status_code == 401
        assert answer.headers["Content-Type"] == "application/problem+json"
        # API Gateway gives that header another name.
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


class TestUsers:
    @pytest.mark.parametrize("how", ["json", "data"])
    def test_a_user_is_created_shown_changed_renamed_and_deleted(
        self, ask: Ask, root: Login, how: str
    ) -> None:
        name, other = new_name(), new_name()
        made = ask(
            "POST",
            "/v3/users/",
            **{how: fields(name, admin="false" if how == "data" else False)},
            auth=root,
        )
        assert (made.status_code, made.headers["Location"]) == (201, href(made))
        assert made.json() == {
            "username": name,
            "fullname": "J. Random Luser",
            "admin": False,
            "links": [{"rel": "self", "href": href(made)}],
        }
        assert ask("POST", "/v3/users/", **{how: fields(name)}, auth=root).status_code == 409
        assert ask("GET", f"/v3/users/{name}", auth=(name, PASSWORD)).json() == made.json()

        changed = ask("PATCH", f"/v3/users/{name}", **{how: {"fullname": "N. é"}}, auth=root)
        assert (changed.status_code, changed.json()["fullname"]) == (200, "N. é")
        renamed = ask("PUT", f"/v3/users/{name}", **{how: fields(other)}, auth=root)
        assert (renamed.status_code, renamed.json()["username"]) == (200, other)
        assert ask("GET", f"/v3/users/{name}", auth=root).status_code == 404
        assert ask("GET", "/v3/uptime", auth=(name, PASSWORD)).status_code == 401
        assert ask("GET", "/v3/uptime", auth=(other, PASSWORD)).status_code == 200

        gone = ask("DELETE", f"/v3/users/{other}", auth=root)
        assert (gone.status_code, gone.content) == (204, b"")
        assert ask("DELETE", f"/v3/users/{other}", auth=root).status_code == 404
        assert ask("GET", "/v3/uptime", auth=(other, PASSWORD)).status_code == 401

    def test_put_makes_who_is_not_there(self, ask: Ask, root: Login) -> None:
        name = new_name()
        made = ask("PUT", f"/v3/users/{name}", json=fields(name), auth=root)
        assert (made.status_code, made.headers["Location"]) == (201, href(made))
        assert ask("PUT", f"/v3/users/{name}", json=fields(name), auth=root).status_code == 200
        ask("DELETE", f"/v3/users/{name}", auth=root)
        assert (
            ask("PUT", f"/v3/users/{new_name()}", json=fields(name), auth=root).status_code == 400
        )

    def test_a_user_changes_nobody(self, ask: Ask, jluser: Login) -> None:
        path = f"/v3/users/{jluser[0]}"
        for method in ("PUT", "PATCH", "DELETE"):
            answer = ask(method, path, json=fields(jluser[0], admin=True), auth=jluser)
            assert (answer.status_code, answer.json()["title"]) == (403, "Forbidden")
        assert ask("POST", "/v3/users/", json=fields(new_name()), auth=jluser).status_code == 403

    def test_the_list_leads_through_all_users_in_their_order(
        self, ask: Ask, root: Login, base_url: str
    ) -> None:
        names = [new_name() for _ in range(5)]
        for name in names:
            ask("POST", "/v3/users/", json=fields(name), auth=root)
        found, path = [], "/v3/users/?limit=2&detail=1"
        while path:
            page = ask("GET", path, auth=root).json()
            assert len(page["users"]) <= 2
            found += [user["username"] for user in page["users"]]
            after = page.get("links", [{"href": ""}])[0]["href"]
            path = after.removeprefix(urllib.parse.urlsplit(base_url).path)
        assert found == sorted(found)
        assert set(names) < set(found)
        for name in names:
            ask("DELETE", f"/v3/users/{name}", auth=root)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"username": "x"},
            fields("a b"),
            fields("ok", password="short"),
            fields("ok", fullname=""),
            fields("ok", admin="true"),
            fields("ok", admin=1),
            fields("ok", more=1),
        ],
    )
    def test_a_body_that_breaks_the_rules_is_400(
        self, ask: Ask, root: Login, body: dict[str, Any]
    ) -> None:
        answer = ask("POST", "/v3/users/", json=body, auth=root)
        assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request")


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


class TestTogether:
    """Requests that arrive at the same time."""

    def statuses(
        self, base_url: str, *asked: tuple[str, str, Login, dict[str, Any]]
    ) -> Counter[int]:
        def send(it: tuple[str, str, Login, dict[str, Any]]) -> int:
            method, path, auth, body = it
            return requests.request(
                method, base_url + path, auth=auth, json=body, headers=HOST, timeout=60
            ).status_code

        with ThreadPoolExecutor(len(asked)) as pool:
            return Counter(pool.map(send, asked))

    def test_one_of_many_new_users_of_a_name_is_made(
        self, ask: Ask, base_url: str, root: Login
    ) -> None:
        name = new_name()
        asked = [("POST", "/v3/users/", root, fields(name))] * 8
        assert self.statuses(base_url, *asked) == {201: 1, 409: 7}
        ask("DELETE", f"/v3/users/{name}", auth=root)

    def test_one_of_many_renames_onto_a_name_is_made(
        self, ask: Ask, base_url: str, root: Login
    ) -> None:
        names, to = [new_name() for _ in range(6)], new_name()
        for name in names:
            ask("POST", "/v3/users/", json=fields(name), auth=root)
        asked = [("PATCH", f"/v3/users/{name}", root, {"username": to}) for name in names]
        assert self.statuses(base_url, *asked) == {200: 1, 409: 5}
        left = [ask("DELETE", f"/v3/users/{name}", auth=root).status_code for name in [*names, to]]
        assert Counter(left) == {204: 6, 404: 1}

    @pytest.mark.usefixtures("on_laptop")
    def test_one_of_two_last_admins_stays(self, ask: Ask, base_url: str, root: Login) -> None:
        """They delete or demote each other; another admin is out of the way meanwhile."""
        admins = [(new_name(), PASSWORD) for _ in range(2)]
        for username, _ in admins:
            ask("POST", "/v3/users/", json=fields(username, admin=True), auth=root)
        one, two = admins
        assert ask("DELETE", f"/v3/users/{root[0]}", auth=one).status_code == 204
        found = self.statuses(
            base_url,
            ("DELETE", f"/v3/users/{two[0]}", one, {}),
            ("PATCH", f"/v3/users/{one[0]}", two, {"admin": False}),
        )
        # Who was deleted or demoted first may be refused already at the door.
        assert sum(found[status] for status in (200, 204)) == 1
        assert sum(found[status] for status in (401, 403, 409)) == 1
        whole = {"username": root[0], "fullname": "root", "password": root[1], "admin": True}
        made = [ask("POST", "/v3/users/", json=whole, auth=it).status_code for it in admins]
        assert made.count(201) == 1
        for username, _ in admins:
            ask("DELETE", f"/v3/users/{username}", auth=root)
