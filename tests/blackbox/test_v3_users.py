"""Users of v3: created, shown, changed, renamed and deleted, by one client and by many at once."""

import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.blackbox.accounts import PASSWORD, Login, fields, href, new_name
from tests.blackbox.conftest import HOST, Ask


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
        """One deletes the other, and is demoted by it. The first admin is deleted before that."""
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
        # The later of the two requests may be refused already at its login.
        assert sum(found[status] for status in (200, 204)) == 1
        assert sum(found[status] for status in (401, 403, 409)) == 1
        whole = {"username": root[0], "fullname": "root", "password": root[1], "admin": True}
        made = [ask("POST", "/v3/users/", json=whole, auth=it).status_code for it in admins]
        assert made.count(201) == 1
        for username, _ in admins:
            ask("DELETE", f"/v3/users/{username}", auth=root)
