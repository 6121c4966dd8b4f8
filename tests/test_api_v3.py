"""v3: its bodies, asked of the app itself."""

import json
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.windows import Window
from tests.api import FORM, JSON, Answer, ask, ask_task, ask_user, basic, problem
from tests.test_api import ZERO, created

PASSWORD = "secret of v3"
ROOT = basic("root", PASSWORD)
JLUSER = {"username": "jluser", "fullname": "J. Random Luser", "password": PASSWORD}


def shape(username: str, fullname: str, *, admin: bool = False) -> dict[str, object]:
    return {
        "username": username,
        "fullname": fullname,
        "admin": admin,
        "links": [{"rel": "self", "href": f"/v3/users/{username}"}],
    }


SHAPE = shape("jluser", "J. Random Luser")


@pytest.fixture(autouse=True)
def root(cloud: Any) -> None:
    bootstrap.directory().make_admin("root", PASSWORD)


def send(method: str, username: str | None, body: object, **headers: str) -> Answer:
    """A change of users, by the admin; a string is a form."""
    more: dict[str, Any] = (
        {"body": body, "headers": {**FORM, **ROOT, **headers}}
        if isinstance(body, str)
        else {"body": json.dumps(body), "headers": {**JSON, **ROOT, **headers}}
    )
    return (
        ask("POST", "/v3/users/", **more)
        if username is None
        else ask_user(method, username, **more)
    )


def create(**fields: object) -> Answer:
    return send("POST", None, {**JLUSER, **fields})


def look(path: str, **more: Any) -> Any:
    answer = ask("GET", path, headers=ROOT, **more)
    assert answer.status == 200
    return answer.body


class TestUsers:
    @pytest.mark.parametrize("body", [JLUSER, urllib.parse.urlencode(JLUSER)])
    def test_a_user_is_created(self, body: object) -> None:
        answer = send("POST", None, body)
        assert (answer.status, answer.body) == (201, SHAPE)
        assert answer.headers["Location"] == "/v3/users/jluser"
        assert ask_user("GET", "jluser", headers=ROOT).body == SHAPE
        assert ask("GET", "/v3/uptime", headers=basic("jluser", PASSWORD)).status == 200

    def test_a_name_that_is_taken_is_409(self) -> None:
        create()
        answer = create(fullname="Another")
        detail = "There is a user 'jluser' already."
        assert (answer.status, answer.body) == (409, problem(409, "Conflict", detail))
        assert ask_user("GET", "jluser", headers=ROOT).body == SHAPE

    @pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
    @pytest.mark.parametrize("name", ["nobody", "😀", "..", "x" * 300, "admins", ""])
    def test_an_unknown_name_is_404(self, method: str, name: str) -> None:
        answer = send(method, name, {"admin": True})
        assert (answer.status, answer.body["title"]) == (404, "Not Found")
        assert answer.body["detail"].startswith("There is no user '")

    def test_put_replaces_all_of_a_user(self) -> None:
        create(admin=True)
        answer = send("PUT", "jluser", {**JLUSER, "fullname": "N."})
        assert (answer.status, answer.body) == (200, shape("jluser", "N."))
        assert "Location" not in answer.headers

    def test_put_makes_who_is_not_there(self) -> None:
        answer = send("PUT", "jluser", JLUSER)
        assert (answer.status, answer.body) == (201, SHAPE)
        assert answer.headers["Location"] == "/v3/users/jluser"

    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_another_name_renames(self, method: str) -> None:
        create()
        answer = send(method, "jluser", {**JLUSER, "username": "new"})
        assert (answer.status, answer.body) == (200, shape("new", "J. Random Luser"))
        assert look("/v3/users/") == {"users": ["new", "root"]}

    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_a_rename_onto_a_taken_name_is_409(self, method: str) -> None:
        create()
        assert send(method, "jluser", {**JLUSER, "username": "root"}).status == 409
        assert look("/v3/users/") == {"users": ["jluser", "root"]}

    def test_put_of_another_name_on_nobody_is_400(self) -> None:
        assert send("PUT", "nobody", JLUSER).status == 400
        assert look("/v3/users/") == {"users": ["root"]}

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({"fullname": "N."}, shape("jluser", "N.")),
            ("fullname=N.%20%C3%A9&admin=TRUE", shape("jluser", "N. é", admin=True)),
            ({"admin": True}, shape("jluser", "J. Random Luser", admin=True)),
            ({"password": "secret of another"}, SHAPE),
        ],
    )
    def test_patch_changes_what_it_is_given(self, body: object, expected: object) -> None:
        create()
        answer = send("PATCH", "jluser", body)
        assert (answer.status, answer.body) == (200, expected)
        assert ask_user("GET", "jluser", headers=ROOT).body == expected

    def test_a_changed_password_counts_from_the_next_request_on(self) -> None:
        create()
        assert ask("GET", "/v3/uptime", headers=basic("jluser", PASSWORD)).status == 200
        send("PATCH", "jluser", {"password": "secret of another"})
        assert ask("GET", "/v3/uptime", headers=basic("jluser", PASSWORD)).status == 401
        assert ask("GET", "/v3/uptime", headers=basic("jluser", "secret of another")).status == 200

    def test_a_user_is_deleted(self) -> None:
        create()
        assert ask("GET", "/v3/uptime", headers=basic("jluser", PASSWORD)).status == 200
        answer = ask_user("DELETE", "jluser", headers=ROOT)
        assert (answer.status, answer.text) == (204, "")
        assert ask("GET", "/v3/uptime", headers=basic("jluser", PASSWORD)).status == 401
        assert ask_user("DELETE", "jluser", headers=ROOT).status == 404

    @pytest.mark.parametrize(
        ("method", "body"), [("DELETE", None), ("PATCH", {"admin": False}), ("PATCH", "admin=0")]
    )
    def test_the_last_admin_stays(self, method: str, body: object) -> None:
        answer = send(method, "root", body)
        detail = (
            "The last admin can be neither deleted nor demoted: nobody could change users any more."
        )
        assert (answer.status, answer.body) == (409, problem(409, "Conflict", detail))
        put = send("PUT", "root", {**JLUSER, "username": "root"})
        assert put.status == 409
        create(admin=True)
        assert send(method, "root", body).status in (200, 204)

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ({"username": "a b"}, "username must be 1 to 64 of "),
            ({"password": "short"}, "password must be at least 8 characters "),
            ({"fullname": ""}, "fullname must be 1 to 200 characters, not ''."),
            ({"admin": "false"}, "admin must be true or false "),
            ({"x": 1}, "The body has 'x'; allowed here: username, fullname, password, admin."),
            ([1], "The body must be a JSON object."),
            ("admin=1&admin=1", "The body gives 'admin' more than once."),
        ],
    )
    def test_a_body_that_breaks_the_rules_is_400(self, method: str, body: Any, said: str) -> None:
        whole = {**JLUSER, **body} if isinstance(body, dict) else body
        answer = send(method, None if method == "POST" else "nobody", whole)
        assert answer.status == 400
        assert answer.body["detail"].startswith(said)

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    @pytest.mark.parametrize("missing", ["username", "fullname", "password"])
    def test_a_whole_user_has_all_fields(self, method: str, missing: str) -> None:
        body = {name: value for name, value in JLUSER.items() if name != missing}
        answer = send(method, None if method == "POST" else "jluser", body)
        assert answer.body == problem(400, "Bad Request", f"The body lacks {missing}.")

    @pytest.mark.parametrize("body", [{}, ""])
    def test_patch_needs_one_field(self, body: object) -> None:
        detail = "The body must have one of username, fullname, password, admin at least."
        assert send("PATCH", "root", body).body == problem(400, "Bad Request", detail)

    def test_a_query_that_the_path_does_not_know_is_400(self) -> None:
        for method, name in (("GET", "root"), ("DELETE", "root"), ("PATCH", "root")):
            answer = ask_user(
                method, name, headers={**ROOT, **JSON}, body='{"fullname": "N."}', x="1"
            )
            assert answer.status == 400

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_a_page_of_another_site_changes_nobody(self, method: str) -> None:
        name = None if method == "POST" else "root"
        answer = send(method, name, JLUSER, **{"sec-fetch-site": "cross-site"})
        if method == "POST":
            assert answer.body["detail"] == "A page of another site may not change anything here."
        assert answer.status == 403

    def test_a_user_may_look_and_change_nobody_itself_included(self) -> None:
        create()
        own = basic("jluser", PASSWORD)
        assert ask_user("GET", "root", headers=own).body == shape("root", "root", admin=True)
        answer = send("PATCH", "jluser", {"password": "secret of another"}, **own)
        detail = "Only admins may change users."
        assert (answer.status, answer.body) == (403, problem(403, "Forbidden", detail))


class TestListOfUsers:
    @pytest.fixture(autouse=True)
    def _many(self) -> None:
        directory = bootstrap.directory()
        for name in ("b", "a", "Z", "9"):
            directory.create({**JLUSER, "username": name})

    def test_it_has_all_names_by_their_bytes(self) -> None:
        assert look("/v3/users/") == {"users": ["9", "Z", "a", "b", "root"]}

    def test_it_can_have_whole_users(self) -> None:
        assert look("/v3/users/", detail="1", limit="2") == {
            "users": [shape("9", "J. Random Luser"), shape("Z", "J. Random Luser")],
            "links": [{"rel": "next", "href": "/v3/users/?limit=2&detail=1&after=Z"}],
        }

    def test_its_links_lead_through_all_of_it(self) -> None:
        found, query = [], {"limit": "2"}
        while query:
            page = look("/v3/users/", prefix="/prod", **query)
            found.append(page["users"])
            href = page.get("links", [{"href": ""}])[0]["href"]
            assert not href or href.startswith("/prod/v3/users/?")
            query = dict(urllib.parse.parse_qsl(href.partition("?")[2]))
        assert found == [["9", "Z"], ["a", "b"], ["root"]]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *(("limit", value) for value in ("0", "1001", "x", "", "-1", "1.5")),
            *(("detail", value) for value in ("", "true", "2")),
            *(("after", value) for value in ("", "a b", "é")),
            ("x", "1"),
        ],
    )
    def test_a_query_that_means_nothing_is_400(self, name: str, value: str) -> None:
        query: dict[str, Any] = {name: value}
        answer = ask("GET", "/v3/users", headers=ROOT, **query)
        assert answer.status == 400
        assert name in answer.body["detail"]


class TestTasks:
    def test_a_task_of_v3_is_as_one_of_v2(self) -> None:
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
    def test_a_task_of_another_version_is_as_unknown_as_none(
        self, method: str, own: str, other: str
    ) -> None:
        task_id = created(ask("GET", f"/{own}/iostat", headers=ROOT), own)
        foreign = ask_task(method, task_id, version=other, headers=ROOT)
        unknown = ask_task(method, ZERO, version=other, headers=ROOT)
        assert (foreign.status, unknown.status) == (404, 404)
        assert foreign.text.replace(task_id, ZERO) == unknown.text
        assert ask_task("GET", task_id, version=own, headers=ROOT).body["state"] == "QUEUED"

    def test_anybody_logged_in_may_use_any_of_them(self) -> None:
        create()
        task_id = created(ask("GET", "/v3/iostat", headers=ROOT), "v3")
        own = basic("jluser", PASSWORD)
        assert ask_task("GET", task_id, version="v3", headers=own).status == 200
        assert ask_task("DELETE", task_id, version="v3", headers=own).status == 204


class TestListOfTasks:
    @pytest.fixture
    def made(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
        """Make a task, a quarter of a second after the one before."""
        service = bootstrap.service()
        now = [1_800_000_000.0]

        class Clock:
            def now(self) -> float:
                return now[0]

        monkeypatch.setattr(service, "_clock", Clock())

        def make(owner: str = "root", count: int = 1) -> str:
            now[0] += 0.25
            return service.create("v3", Window(count, 1), owner)

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

    def test_it_has_the_newest_first(self, made: Callable[..., str]) -> None:
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
        """The ids of all pages."""
        pages = []
        while query:
            page = look("/v3/task/", prefix="/prod", **query)
            pages.append([task["task_id"] for task in page["tasks"]])
            href = page.get("links", [{"href": ""}])[0]["href"]
            assert not href or href.startswith("/prod/v3/task/?")
            query = dict(urllib.parse.parse_qsl(href.partition("?")[2]))
        return pages

    def test_its_links_lead_through_all_of_it(self, made: Callable[..., str]) -> None:
        ids = [made() for _ in range(5)][::-1]
        assert self.through(limit="2") == [ids[0:2], ids[2:4], ids[4:]]
        assert self.through(limit="5") == [ids]

    def test_it_can_be_of_one_owner_and_of_one_state(self, made: Callable[..., str]) -> None:
        ids = [made("jluser" if index % 3 else "root") for index in range(9)][::-1]
        others = [it for index, it in enumerate(ids) if (8 - index) % 3]
        assert self.through(limit="4", owner="jluser") == [others[:4], others[4:]]
        ask_task("DELETE", ids[7], version="v3", headers=ROOT)
        assert self.through(limit="4", state="REVOKED") == [[ids[7]]]
        assert self.through(limit="4", state="REVOKED", owner="root") == [[]]
        assert self.through(limit="9", state="QUEUED", owner="nobody") == [[]]

    def test_one_that_was_deleted_between_two_pages_does_not_end_it(
        self, made: Callable[..., str]
    ) -> None:
        ids = [made() for _ in range(3)][::-1]
        page = look("/v3/task/", limit="1")
        bootstrap._dynamodb().delete_item(
            TableName="hoststat-dev-tasks", Key={"task_id": {"S": ids[0]}}
        )
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
    def test_a_query_that_means_nothing_is_400(self, name: str, value: str) -> None:
        query: dict[str, Any] = {name: value}
        answer = ask("GET", "/v3/task", headers=ROOT, **query)
        assert answer.status == 400
        assert name in answer.body["detail"]


class TestGuessing:
    def test_too_many_wrong_logins_are_429(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOGIN_FAILURES", "2")
        bootstrap.clear()
        wrong = basic("root", "secret guess")
        for _ in range(2):
            assert ask("GET", "/v3/uptime", headers=wrong).status == 401
        for headers in (wrong, ROOT):
            answer = ask("GET", "/v3/uptime", headers=headers)
            seconds = int(answer.headers["Retry-After"])
            assert 590 <= seconds <= 600
            detail = f"Too many wrong logins from there; try again in {seconds} s."
            assert (answer.status, answer.body) == (429, problem(429, "Too Many Requests", detail))
        forged = {**wrong, "x-forwarded-for": "192.0.2.9", "forwarded": "for=192.0.2.9"}
        assert ask("GET", "/v3/uptime", headers=forged).status == 429
        assert ask("GET", "/v3/uptime", headers=ROOT, source="192.0.2.9").status == 200
