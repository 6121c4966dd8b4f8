"""Access: who may use each route and each method of v3."""

import json
from typing import Any

import pytest
from chalice import Blueprint, Chalice

import app
from chalicelib.api import access
from chalicelib.api.access import Access
from chalicelib.bootstrap import parts
from tests.support.asking import JSON, ZERO, Answer, ask, basic, problem

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
PASSWORD = "secret of the table"
USER = {"username": "jluser", "fullname": "J.", "password": PASSWORD}
STRANGERS: dict[str, dict[str, str]] = {
    "stranger": {},
    "wrong password": basic("jluser", "secret guess"),
    "unknown name": basic("nobody", PASSWORD),
    "deleted user": basic("deleted", PASSWORD),
}
#: The status that a user gets, and the one that an admin gets. Every other method gives 405.
EXPECTED: dict[tuple[str, str], tuple[int, int]] = {
    ("/v3", "GET"): (200, 200),
    ("/v3/uptime", "GET"): (200, 200),
    ("/v3/iostat", "GET"): (201, 201),
    ("/v3/iostat", "POST"): (201, 201),
    ("/v3/task", "GET"): (200, 200),
    ("/v3/task/{task_id}", "GET"): (404, 404),
    ("/v3/task/{task_id}", "DELETE"): (404, 404),
    ("/v3/group", "POST"): (404, 404),
    ("/v3/group/{group_id}", "GET"): (404, 404),
    ("/v3/group/{group_id}", "DELETE"): (404, 404),
    ("/v3/hosts", "GET"): (200, 200),
    ("/v3/hosts/{name}", "GET"): (404, 404),
    ("/v3/hosts/{name}", "PUT"): (403, 201),
    ("/v3/hosts/{name}", "DELETE"): (403, 204),
    ("/v3/users", "GET"): (200, 200),
    ("/v3/users", "POST"): (403, 409),
    ("/v3/users/{username}", "GET"): (200, 200),
    ("/v3/users/{username}", "PUT"): (403, 200),
    ("/v3/users/{username}", "PATCH"): (403, 200),
    ("/v3/users/{username}", "DELETE"): (403, 204),
}
BODIES = {"POST": USER, "PUT": USER, "PATCH": {"fullname": "N."}}


def routes() -> list[str]:
    return [path for path in app.app.routes if path.startswith("/v3")]


def request(method: str, path: str, who: dict[str, str]) -> Answer:
    body: Any = {} if path in ("/v3/iostat", "/v3/hosts/{name}") else BODIES.get(method)
    if path == "/v3/group":
        body = {"hosts": ["web-1"]}
    return ask(
        method,
        path,
        parameters={"task_id": ZERO, "group_id": ZERO, "username": "jluser", "name": "web-1"},
        body=None if body is None else json.dumps(body),
        headers={**JSON, **who},
    )


@pytest.fixture
def people(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an admin, a user and a deleted user, and let wrong logins cost no pause."""
    monkeypatch.setenv("LOGIN_FAILURES", "10000")
    users = parts.users
    users.make_admin("root", PASSWORD)
    users.create(USER)
    users.create({**USER, "username": "deleted"})
    users.delete("deleted")


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("who", STRANGERS)
def test_a_stranger_may_use_only_the_index(who: str) -> None:
    found = {
        (path, method): request(method, path, STRANGERS[who]).status
        for path in routes()
        for method in METHODS
    }
    expected = {(path, method): 401 for path in routes() for method in METHODS}
    expected |= {("/v3", method): 405 for method in METHODS} | {("/v3", "GET"): 200}
    assert found == expected


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(("who", "index"), [("jluser", 0), ("root", 1)])
def test_a_user_may_use_everything_and_an_admin_may_change_users(who: str, index: int) -> None:
    found = {
        (path, method): request(method, path, basic(who, PASSWORD)).status
        for path in routes()
        for method in METHODS
    }
    expected = {(path, method): 405 for path in routes() for method in METHODS}
    assert found == expected | {ask: statuses[index] for ask, statuses in EXPECTED.items()}


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("who", [*STRANGERS, "unreadable"])
def test_strangers_learn_whether_a_login_was_sent_and_not_who_exists(who: str) -> None:
    said = {
        "stranger": "Log in with a username and a password by HTTP Basic; none were sent.",
        "unreadable": "The Authorization header must begin with Basic.",
    }
    given = STRANGERS.get(who, {"authorization": "Bearer x"})
    answer = request("DELETE", "/v3/users/{username}", given)
    answer.headers.pop("X-Request-Id")
    assert answer.headers == {
        "Cache-Control": "no-store",
        "Content-Type": "application/problem+json",
        "WWW-Authenticate": 'Basic realm="hoststat", charset="UTF-8"',
        "X-Content-Type-Options": "nosniff",
    }
    detail = said.get(who, "The username or the password is wrong.")
    assert answer.body == problem(401, "Unauthorized", detail)


def test_every_route_of_v1_and_v2_is_open() -> None:
    for path, entries in app.app.routes.items():
        if not path.startswith("/v3"):
            views = {method: entry.view_function for method, entry in entries.items()}
            assert {access.needed(views, method) for method in METHODS} == {Access.OPEN}


def test_a_route_without_declared_access_is_for_admins() -> None:
    api = Blueprint("forgetful")

    @api.route("/v9/forgotten")
    def forgotten() -> object:
        return {}

    @access.route(api, "/v9/forgotten", "POST", to=Access.USER)
    def declared() -> object:
        return {}

    forgetful = Chalice("forgetful")
    forgetful.register_blueprint(api)
    entries = forgetful.routes["/v9/forgotten"].items()
    views = {method: entry.view_function for method, entry in entries}
    needed = {method: access.needed(views, method) for method in ("GET", "POST", "PUT")}
    assert needed == {"GET": Access.ADMIN, "POST": Access.USER, "PUT": Access.USER}
