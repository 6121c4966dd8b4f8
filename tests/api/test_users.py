"""Users of v3: created, shown, listed, changed, and deleted."""

import json
import urllib.parse
from typing import Any

import pytest

from chalicelib.bootstrap import parts
from tests.support.as_admin import PASSWORD, ROOT, look
from tests.support.asking import FORM, JSON, Answer, ask, ask_user, basic, problem

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
    parts.users.make_admin("root", PASSWORD)


def send(method: str, username: str | None, body: object, **headers: str) -> Answer:
    """Send a change of users with the login of the admin. A string as `body` is a form."""
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
        detail = "There is already a user 'jluser'; choose another name."
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

    def test_put_creates_a_user_who_is_not_there(self) -> None:
        answer = send("PUT", "jluser", JLUSER)
        assert (answer.status, answer.body) == (201, SHAPE)
        assert answer.headers["Location"] == "/v3/users/jluser"

    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_another_name_renames_the_user(self, method: str) -> None:
        create()
        answer = send(method, "jluser", {**JLUSER, "username": "new"})
        assert (answer.status, answer.body) == (200, shape("new", "J. Random Luser"))
        assert look("/v3/users/") == {"users": ["new", "root"]}

    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_a_rename_to_a_taken_name_is_409(self, method: str) -> None:
        create()
        assert send(method, "jluser", {**JLUSER, "username": "root"}).status == 409
        assert look("/v3/users/") == {"users": ["jluser", "root"]}

    def test_put_of_a_new_user_with_another_name_than_its_path_is_400(self) -> None:
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
    def test_patch_changes_the_given_fields(self, body: object, expected: object) -> None:
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
        detail = "The last admin cannot be deleted or demoted: nobody could change users any more."
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
    def test_a_new_user_must_have_all_fields(self, method: str, missing: str) -> None:
        body = {name: value for name, value in JLUSER.items() if name != missing}
        answer = send(method, None if method == "POST" else "jluser", body)
        assert answer.body == problem(400, "Bad Request", f"The body lacks {missing}.")

    @pytest.mark.parametrize("body", [{}, ""])
    def test_patch_needs_one_field(self, body: object) -> None:
        detail = "The body must have at least one of username, fullname, password, admin."
        assert send("PATCH", "root", body).body == problem(400, "Bad Request", detail)

    def test_a_query_that_the_path_does_not_know_is_400(self) -> None:
        for method, name in (("GET", "root"), ("DELETE", "root"), ("PATCH", "root")):
            answer = ask_user(
                method, name, headers={**ROOT, **JSON}, body='{"fullname": "N."}', x="1"
            )
            assert answer.status == 400

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_a_page_from_elsewhere_changes_no_user(self, method: str) -> None:
        name = None if method == "POST" else "root"
        answer = send(method, name, JLUSER, **{"sec-fetch-site": "cross-site"})
        if method == "POST":
            assert answer.body["detail"] == "A page from elsewhere may not change anything here."
        assert answer.status == 403

    def test_a_user_may_read_users_but_change_none(self) -> None:
        create()
        own = basic("jluser", PASSWORD)
        assert ask_user("GET", "root", headers=own).body == shape("root", "root", admin=True)
        answer = send("PATCH", "jluser", {"password": "secret of another"}, **own)
        detail = "Only admins may change users."
        assert (answer.status, answer.body) == (403, problem(403, "Forbidden", detail))


class TestListOfUsers:
    @pytest.fixture(autouse=True)
    def _many(self) -> None:
        users = parts.users
        for name in ("b", "a", "Z", "9"):
            users.create({**JLUSER, "username": name})

    def test_it_has_all_names_sorted_by_their_bytes(self) -> None:
        assert look("/v3/users/") == {"users": ["9", "Z", "a", "b", "root"]}

    def test_it_can_have_whole_users(self) -> None:
        assert look("/v3/users/", detail="1", limit="2") == {
            "users": [shape("9", "J. Random Luser"), shape("Z", "J. Random Luser")],
            "links": [{"rel": "next", "href": "/v3/users/?limit=2&detail=1&after=Z"}],
        }

    def test_its_links_lead_through_all_pages(self) -> None:
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
    def test_a_query_that_is_not_allowed_is_400(self, name: str, value: str) -> None:
        query: dict[str, Any] = {name: value}
        answer = ask("GET", "/v3/users", headers=ROOT, **query)
        assert answer.status == 400
        assert name in answer.body["detail"]
