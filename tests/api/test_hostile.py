"""What somebody with a login may try with hosts and groups: each is refused, and says why."""

import json
from typing import Any

import pytest

from chalicelib.bootstrap import parts
from tests.support.as_admin import PASSWORD, ROOT
from tests.support.asking import JSON, ask, ask_group, ask_host, ask_task, basic

NOT_NAMES = [
    *("WEB-1", "web_1", "web.1", "web-1\n", "-web", "web-", "1", "a" * 33, "w\u00e9b-1", "web~1"),
    *("web-1~", "..", "w\u0435b-1", "%77eb-1", "web 1", "web-1\x00", "-", ""),
]
USER = basic("jluser", PASSWORD)


@pytest.fixture(autouse=True)
def group(cloud: Any, one_thread: None, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FAN_OUT_THREADS", "1")
    parts.users.make_admin("root", PASSWORD)
    fields = {"username": "jluser", "fullname": "J. L.", "password": PASSWORD}
    assert (
        ask("POST", "/v3/users/", headers={**ROOT, **JSON}, body=json.dumps(fields)).status == 201
    )
    for name in ("db-1", "web-1"):
        parts.hosts.add(name, by="root")
    made: str = post({"hosts": ["web-1", "web-*", "web-?", "web-1"]}).body["group_id"]
    return made


def post(body: Any, headers: Any = ROOT, **more: str) -> Any:
    return ask("POST", "/v3/group/", headers={**headers, **JSON, **more}, body=json.dumps(body))


def test_names_and_globs_that_mean_the_same_host_make_one_task(group: str) -> None:
    shown = ask_group("GET", group, headers=ROOT).body
    assert [it["host"] for it in shown["tasks"]] == ["web-1"]


def test_a_name_that_cannot_be_one_is_refused_everywhere() -> None:
    for name in NOT_NAMES:
        asked = {
            "look": ask_host("GET", name, headers=ROOT),
            "add": ask_host("PUT", name, headers=ROOT),
            "remove": ask_host("DELETE", name, headers=ROOT),
            "window": ask("POST", "/v3/iostat/", headers=ROOT, host=name),
            "uptime": ask("GET", "/v3/uptime/", headers=ROOT, host=name),
            "group": post({"hosts": [name]}),
            "tasks": ask("GET", "/v3/task/", headers=ROOT, host=name),
            "after": ask("GET", "/v3/hosts/", headers=ROOT, after=name),
        }
        refused = dict.fromkeys(asked, 400) | {"look": 404, "remove": 404}
        assert {it: answer.status for it, answer in asked.items()} == refused, name


def test_ids_are_those_of_tasks_and_groups_to_the_letter(group: str) -> None:
    for it in (f"web-1~{group}", group.upper(), f"{group}\n", f"~{group}", f"{group}~", "x"):
        for method in ("GET", "DELETE"):
            assert ask_group(method, it, headers=ROOT).status == 404, it
    for it in ("web-1%257E", "web-1~~", "WEB-1~", "~", "db-1~web-1~", "db-1~"):
        assert ask_task("GET", f"{it}{group}", version="v3", headers=ROOT).status == 404, it
    assert ask_task("GET", f"web-1%7e{group}", version="v3", headers=ROOT).status == 200


@pytest.mark.parametrize(
    "since", ["1x99999", "2x0", "0x5.1x0", "1x0.0x0", "1x-1", "1x\u0661", "1x0.", "1X0", "1x0\n"]
)
def test_a_cursor_that_was_made_up_is_400(group: str, since: str) -> None:
    assert ask_group("GET", group, headers=ROOT, since=since, detail="1").status == 400


def test_users_may_ask_and_admins_may_change_the_registry(group: str) -> None:
    for who, looks, changes in ((ROOT, 200, 200), (USER, 200, 403), ({}, 401, 401)):
        assert ask("GET", "/v3/hosts/", headers=who).status == looks
        assert ask_host("GET", "web-1", headers=who).status == looks
        assert ask_host("PUT", "web-1", headers=who).status == changes
        assert ask_group("GET", group, headers=who).status == looks
        assert post({"hosts": ["*"]}, who).status == {200: 201}.get(looks, looks)
    assert ask_host("DELETE", "web-1", headers=USER).status == 403
    assert ask_group("DELETE", group).status == 401
    # Everybody with a login may use every host, and cancel what others ask of it.
    assert ask_group("DELETE", group, headers=USER).status == 204


def test_a_key_is_of_one_user_one_body_and_groups_alone() -> None:
    key, asked = {"idempotency-key": "nightly"}, {"hosts": ["web-1"]}
    made = post(asked, USER, **key).body["group_id"]
    assert post(asked, ROOT, **key).body["group_id"] != made
    for more in ({"count": 2}, {"start_within": 60}, {"what": "uptime"}, {"hosts": ["web-*"]}):
        assert post({**asked, **more}, USER, **key).status == 422
    assert ask("POST", "/v3/iostat/", headers={**USER, **key}, host="web-1").status == 201
    assert ask_host("DELETE", "web-1", headers=ROOT).status == 204
    assert post(asked, USER, **key).body["group_id"] == made
