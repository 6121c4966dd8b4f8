"""Tasks for hosts, and groups of them: nobody works for these hosts, and their tasks wait."""

from collections.abc import Iterator

import pytest

from tests.blackbox.accounts import Login, new_name
from tests.blackbox.conftest import Ask


@pytest.fixture
def hosts(ask: Ask, root: Login) -> Iterator[list[str]]:
    """Add two hosts; give their names, which have the same beginning."""
    names = [f"{new_name()}-1"]
    names.append(names[0][:-1] + "2")
    for name in names:
        assert ask("PUT", f"/v3/hosts/{name}", auth=root).status_code == 201
    yield names
    for name in names:
        ask("DELETE", f"/v3/hosts/{name}", auth=root)


def test_a_task_for_a_host_waits_for_it(ask: Ask, root: Login, hosts: list[str]) -> None:
    made = ask("POST", "/v3/iostat/", json={"host": hosts[0], "start_within": 60}, auth=root)
    assert made.status_code == 201
    task_id = made.json()["task_id"]
    assert task_id.startswith(f"{hosts[0]}~")
    for written in (task_id, task_id.replace("~", "%7E")):
        assert ask("GET", f"/v3/task/{written}", auth=root).json()["state"] == "QUEUED"
    (entry,) = ask("GET", f"/v3/task/?host={hosts[0]}", auth=root).json()["tasks"]
    assert entry["request"]["host"] == hosts[0]
    assert ask("DELETE", f"/v3/task/{task_id}", auth=root).status_code == 204


def test_a_group_has_every_host_until_it_is_cancelled(
    ask: Ask, root: Login, hosts: list[str]
) -> None:
    body = {"hosts": [hosts[0][:-1] + "*"], "count": 5, "start_within": 60}
    made = ask("POST", "/v3/group/", json=body, auth=root)
    assert made.status_code == 201
    path = f"/v3/group/{made.json()['group_id']}"
    shown = ask("GET", f"{path}?detail=1", auth=root).json()
    assert [task["host"] for task in shown["tasks"]] == hosts
    assert (shown["state"], shown["counts"]["QUEUED"], shown["reports"]) == ("QUEUED", 2, [])
    for _ in range(2):
        assert ask("DELETE", path, auth=root).status_code == 204
    ended = ask("GET", path, auth=root).json()
    assert (ended["state"], ended["no_answer"]) == ("REVOKED", hosts)


def test_what_is_unknown_is_named(ask: Ask, root: Login) -> None:
    answer = ask("POST", "/v3/group/", json={"hosts": ["no-such-host"]}, auth=root)
    assert answer.status_code == 404
    assert "no-such-host" in answer.json()["detail"]
