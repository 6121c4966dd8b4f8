"""The routes of v3's registry of hosts, on fakes of its table and queues."""

from typing import Any

import pytest

from chalicelib.bootstrap import parts
from chalicelib.hosts.model import PROTOCOL, Host
from tests.support.asking import FORM, JSON, Answer, ask, ask_host, basic, problem
from tests.support.fake_users import LoginRig
from tests.support.fakes import FakeClock
from tests.support.memory_hosts import MemoryHosts, MemoryQueues

ROOT = basic("root", "secret of root")
USER = basic("jluser", "secret of jluser")
NEW = {
    "host": "web-1",
    "state": "new",
    "added_at": "2027-01-15T08:00:00Z",
    "seen_at": None,
    "node": None,
    "system": None,
    "cpus": None,
    "source": None,
    "version": None,
    "uptime": None,
    "load": None,
    "windows": None,
    "busiest": None,
    "clock_off_s": None,
    "problem": None,
    "links": [
        {"rel": "self", "href": "/v3/hosts/web-1"},
        {"rel": "uptime", "href": "/v3/uptime/?host=web-1"},
        {"rel": "iostat", "href": "/v3/iostat/?host=web-1"},
    ],
}


class Rig:
    """A service with an admin and a user, and hosts in memory."""

    def __init__(self) -> None:
        logins = LoginRig()
        logins.service.make_admin("root", "secret of root")
        user = {"username": "jluser", "fullname": "J.", "password": "secret of jluser"}
        logins.service.create(user)
        self.clock, self.store, self.queues = FakeClock(), MemoryHosts(), MemoryQueues()
        parts.reset(
            logins=logins.logins,
            clock=self.clock,
            host_store=self.store,
            host_queues=self.queues,
        )


@pytest.fixture
def rig() -> Rig:
    return Rig()


def one(method: str, name: str = "web-1", who: dict[str, str] = ROOT, **more: Any) -> Answer:
    headers = {**JSON, **who, **more.pop("headers", {})}
    return ask_host(method, name, headers=headers, **more)


def listed(**query: Any) -> Any:
    answer = ask("GET", "/v3/hosts/", headers=USER, **query)
    assert answer.status == 200
    return answer.body


@pytest.mark.parametrize("body", [None, "{}"])
def test_an_admin_adds_a_host(rig: Rig, body: str | None) -> None:
    added = one("PUT", body=body)
    assert (added.status, added.headers["Location"], added.body) == (201, "/v3/hosts/web-1", NEW)
    rig.clock.jump(1)
    again = one("PUT", body=body)
    assert (again.status, "Location" in again.headers, again.body) == (200, False, NEW)
    assert one("GET", who=USER).body == NEW
    assert rig.queues.names == {"web-1"}


def test_an_admin_removes_a_host(rig: Rig) -> None:
    one("PUT")
    gone = one("DELETE")
    assert (gone.status, gone.text) == (204, "")
    rig.clock.freeze(5)
    missing = problem(404, "Not Found", "There is no host 'web-1'.")
    assert [one(method).body for method in ("GET", "DELETE")] == [missing, missing]
    assert listed() == {"hosts": []}
    rig.clock.freeze(15)
    refused = "The host 'web-1' was removed a moment ago; its name is free again in 45 s."
    assert one("PUT").body == problem(409, "Conflict", refused)
    rig.clock.freeze(45)
    assert one("PUT").status == 201


@pytest.mark.usefixtures("rig")
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_user_neither_adds_nor_removes_a_host(method: str) -> None:
    detail = "Only admins may add and remove hosts."
    assert one(method, who=USER).body == problem(403, "Forbidden", detail)


@pytest.mark.usefixtures("rig")
def test_a_host_of_an_impossible_name_is_not_found_and_cannot_be_added() -> None:
    detail = (
        "A host's name is 1 to 32 of a-z 0-9 -, with a letter or digit first and last, and at "
        "least one letter; 'WEB-1' is not."
    )
    assert one("PUT", "WEB-1").body == problem(400, "Bad Request", detail)
    assert [one(method, "WEB-1").status for method in ("GET", "DELETE")] == [404, 404]


@pytest.mark.usefixtures("rig")
@pytest.mark.parametrize(
    ("headers", "body"), [(JSON, '{"name": "web-1"}'), (JSON, "[]"), (FORM, "a=b"), (JSON, "{")]
)
def test_the_body_of_a_put_has_nothing_in_it(headers: dict[str, str], body: str) -> None:
    assert one("PUT", headers=headers, body=body).status == 400
    assert listed() == {"hosts": []}


def test_what_a_worker_says_is_shown(rig: Rig) -> None:
    now = rig.clock.now()
    rig.store.rows["web-1"] = Host(
        host="web-1",
        added_at=now - 500,
        seen_at=now - 100,
        node="web-1.example.com",
        system="Linux 6.18.44 x86_64",
        cpus=2,
        source="iostat",
        version="0.2.0",
        protocol=PROTOCOL,
        uptime="20:16:57 up 14 days,  7:33,  2 users,  load average: 0.58, 0.25, 0.14",
        windows=3,
        busiest_device="vda",
        busiest_util=12.5,
        clock_off_s=0.2,
        rival="web-1-clone",
        rival_session="another",
        rival_at=now - 5,
    )
    assert one("GET").body == {
        **NEW,
        "state": "online",
        "added_at": "2027-01-15T07:51:40Z",
        "seen_at": "2027-01-15T07:58:20Z",
        "node": "web-1.example.com",
        "system": "Linux 6.18.44 x86_64",
        "cpus": 2,
        "source": "iostat",
        "version": "0.2.0",
        "uptime": "20:16:57 up 14 days,  7:33,  2 users,  load average: 0.58, 0.25, 0.14",
        "load": [0.58, 0.25, 0.14],
        "windows": 3,
        "busiest": {"device": "vda", "util": 12.5},
        "clock_off_s": 0.2,
        "problem": ("Two machines use this name: node web-1.example.com and node web-1-clone."),
    }


@pytest.mark.parametrize("uptime", ["", "up", "up 5 min, load average: 1.2.3, 0, 0"])
def test_an_uptime_that_is_none_has_no_load(rig: Rig, uptime: str) -> None:
    rig.store.rows["web-1"] = Host(host="web-1", added_at=1, uptime=uptime)
    assert (one("GET").status, one("GET").body["load"]) == (200, None)


@pytest.mark.usefixtures("rig")
def test_a_list_has_names_or_whole_hosts() -> None:
    for name in ("web-1", "db-1", "web-2"):
        one("PUT", name)
    assert listed() == {"hosts": ["db-1", "web-1", "web-2"]}
    assert listed(name="web-*", detail="1")["hosts"][0] == NEW
    assert listed(state="online") == {"hosts": []}
    assert listed(limit="2", name="*", state="new") == {
        "hosts": ["db-1", "web-1"],
        "links": [
            {
                "rel": "next",
                "href": "/v3/hosts/?limit=2&name=%2A&state=new&after=web-1",
            }
        ],
    }
    assert listed(limit="2", after="web-1") == {"hosts": ["web-2"]}


@pytest.mark.usefixtures("rig")
@pytest.mark.parametrize(
    ("query", "detail"),
    [
        (
            {"name": "web-[12]"},
            "name must be the name of a host, in which * stands for any text and ? for any "
            "character, not 'web-[12]'.",
        ),
        ({"state": "gone"}, "state must be one of new, online, offline, left, not 'gone'."),
        ({"after": "A"}, "after must be the name of a host, not 'A'."),
        ({"after": ""}, "after must be the name of a host, not ''."),
        (
            {"limit": "1001"},
            "limit must be a whole number from 1 to 1000 in ASCII digits, not 1001.",
        ),
        ({"detail": "2"}, "detail must be 0 or 1, not '2'."),
        (
            {"hosts": "a"},
            "The query has 'hosts'; allowed here: limit, name, state, detail, after.",
        ),
    ],
)
def test_a_query_that_cannot_be_is_refused(query: dict[str, Any], detail: str) -> None:
    answer = ask("GET", "/v3/hosts", headers=USER, **query)
    assert answer.body == problem(400, "Bad Request", detail)


def test_an_outage_of_sqs_is_said_and_mended_by_the_next_put(rig: Rig) -> None:
    rig.queues.out = True
    assert one("PUT").status == 503
    assert rig.queues.names == set()
    rig.queues.out = False
    rig.clock.freeze(1)
    assert (one("PUT").status, rig.queues.names) == (200, {"web-1"})
