"""The registry of v3's hosts: added, listed, shown and removed."""

import urllib.parse
import uuid
from collections.abc import Iterator

import pytest

from tests.blackbox.accounts import Login
from tests.blackbox.conftest import Ask
from tests.support import processes as services


@pytest.fixture
def prefix(ask: Ask, root: Login) -> Iterator[str]:
    """Give the beginning of names that are new; remove their hosts after the test."""
    chosen = f"h{uuid.uuid4().hex[:8]}"
    yield chosen
    for name in ask("GET", f"/v3/hosts/?name={chosen}*", auth=root).json()["hosts"]:
        ask("DELETE", f"/v3/hosts/{name}", auth=root)


def test_a_host_is_added_shown_and_removed(
    ask: Ask, root: Login, jluser: Login, prefix: str
) -> None:
    added = ask("PUT", f"/v3/hosts/{prefix}", auth=root)
    assert added.status_code == 201
    shown = ask("GET", f"/v3/hosts/{prefix}", auth=jluser)
    assert (shown.status_code, shown.json()) == (200, added.json())
    assert (shown.json()["host"], shown.json()["state"]) == (prefix, "new")
    assert shown.json()["links"][0]["href"] == added.headers["Location"]
    again = ask("PUT", f"/v3/hosts/{prefix}", json={}, auth=root)
    assert (again.status_code, again.json()) == (200, added.json())
    gone = ask("DELETE", f"/v3/hosts/{prefix}", auth=root)
    assert (gone.status_code, gone.content) == (204, b"")
    assert ask("GET", f"/v3/hosts/{prefix}", auth=root).status_code == 404
    assert ask("DELETE", f"/v3/hosts/{prefix}", auth=root).status_code == 404
    assert ask("PUT", f"/v3/hosts/{prefix}", auth=root).status_code == 409


def test_the_list_leads_through_all_hosts_in_their_order(
    ask: Ask, root: Login, jluser: Login, base_url: str, prefix: str
) -> None:
    names = [f"{prefix}-{number}" for number in range(5)]
    for name in names:
        assert ask("PUT", f"/v3/hosts/{name}", auth=root).status_code == 201

    def listed() -> list[str]:
        found, path = [], f"/v3/hosts/?name={prefix}-*&limit=2&detail=1"
        while path:
            page = ask("GET", path, auth=jluser).json()
            assert len(page["hosts"]) <= 2
            found += [host["host"] for host in page["hosts"]]
            after = page.get("links", [{"href": ""}])[0]["href"]
            path = after.removeprefix(urllib.parse.urlsplit(base_url).path)
        return found

    # The list may be a moment behind.
    assert services.until(lambda: listed() == names)


def test_a_user_neither_adds_nor_removes_a_host(ask: Ask, jluser: Login, prefix: str) -> None:
    for method in ("PUT", "DELETE"):
        answer = ask(method, f"/v3/hosts/{prefix}", auth=jluser)
        assert (answer.status_code, answer.json()["title"]) == (403, "Forbidden")
