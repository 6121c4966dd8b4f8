"""Fifty hosts, five of them dead, are asked at once, and one client follows all their reports."""

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from chalicelib.bootstrap import parts
from tests.support import processes as services
from tests.support.clouds import enter
from tests.support.iostats import needs
from tests.support.records import a_heartbeat

ROOT = ("root", "secret of root")
#: The worker of the service is one of them.
OWN = "h00"
LIVE = [f"h{number:02}" for number in range(1, 45)]
DEAD = [f"web-{number}" for number in range(5)]
COUNT, START_WITHIN, SWEEP = 5, 30, int(os.environ.get("SWEEP", "2"))


def ask(method: str, url: str, **more: Any) -> Any:
    answer = requests.request(method, url, auth=ROOT, timeout=services.DEADLINE, **more)
    assert answer.ok, answer.text
    return answer.json()


@needs("iostat")
def test_all_that_live_answer_in_time_and_all_others_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = services.free_port()
    own = f"http://127.0.0.1:{port}"
    enter(monkeypatch, port, ADMIN=":".join(ROOT), HOST=OWN, SWEEP_SECONDS=str(SWEEP))
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((tmp_path / "log").open("w"))
        stack.enter_context(services.process(sys.executable, "-m", "local.launch", log=log))
        assert services.until(lambda: services.answers(own))
        for name in [*LIVE, *DEAD]:
            parts.hosts.add(name, by="root")
        for name in DEAD:
            parts.host_store.beat(name, "1", a_heartbeat(), parts.clock.now() - 200, lapsed_by=0)
        many = [sys.executable, "-m", "tests.support.many_workers", *LIVE]
        stack.enter_context(services.process(*many, log=log))
        there = {"hosts": sorted([OWN, *LIVE])}
        assert services.until(lambda: ask("GET", f"{own}/v3/hosts/?state=online") == there, 120)
        asked = {"hosts": ["*"], "count": COUNT, "wait": 1, "start_within": START_WITHIN}
        began = time.time()
        made = ask("POST", f"{own}/v3/group/", json=asked)
        group, requests_sent, reports, since = made["links"][0]["href"], 0, [], ""
        state, last = "QUEUED", 0.0
        while state in ("QUEUED", "STARTED"):
            shown = ask("GET", f"{own}{group}?detail=1&timeout=20{since}")
            requests_sent += 1
            reports += shown["reports"]
            last = time.time() - began if shown["reports"] else last
            state, since = shown["state"], f"&since={shown['next']}"
        took = time.time() - began
    # At most one answer a second while reports come, and then those that are held for 20 s.
    assert requests_sent <= last + took / 20 + 3
    assert took > START_WITHIN
    every = there["hosts"]
    states = {it["host"]: it["state"] for it in shown["tasks"]}
    assert states == dict.fromkeys(every, "SUCCESS") | dict.fromkeys(DEAD, "FAILURE")
    assert [*states] == [*every, *DEAD]
    assert sorted((it["host"], it["index"]) for it in reports) == [
        (name, index) for name in every for index in range(COUNT)
    ]
    assert (shown["state"], shown["no_answer"]) == ("FAILURE", DEAD)
    for it in shown["tasks"][len(every) :]:
        said = f"{it['host']} did not begin it within 30 s; it was last seen "
        assert it["why"].startswith(said)
        assert it["why"].endswith(" minutes ago.")
