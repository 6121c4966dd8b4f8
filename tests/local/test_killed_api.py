"""The API of a laptop is killed while it makes a group: all of the group comes to be, or nothing.

The local cloud is a server in this process, and kills the API when a call of the create comes. Each
time another API is started. HOSTS sets how many hosts there are, and KILLS=10 kills it at every
tenth call.
"""

import contextlib
import json
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
import requests
from moto.moto_api._internal.models import moto_api_backend

from chalicelib.bootstrap import parts
from chalicelib.tasks import fan_out, hint
from local import cloud, stage
from local.cloud import server
from local.cloud.answers import Answer
from local.cloud.request import Request
from local.cloud.server import Cloud
from tests.support import processes as services
from tests.support.clouds import Serving, enter

ROOT = ("root", "secret of root")
#: More than one transaction makes the tasks of.
HOSTS = int(os.environ.get("HOSTS", "30"))
NAMES = [f"h{number}" for number in range(HOSTS)]
#: The group and its key are written by call 0. Then come the tasks, 25 by a call, a look at the
#: group, two calls for the hint of each host, and the mark that it is made.
MOST = 1 + math.ceil(HOSTS / 25) + 1 + 2 * HOSTS + 1
STEP = int(os.environ.get("KILLS", "0"))
CALLS = range(0, MOST, STEP) if STEP else [0, 1, 2, 3, 20, MOST - 1]
ASKED: Any = {"hosts": ["*"], "count": 2, "wait": 1}


class Killer:
    """Answers the calls of an API as moto does, and kills the API at one of them."""

    def __init__(self) -> None:
        #: The groups that were stored, and the tasks that hints were sent for.
        self.groups: list[str] = []
        self.hinted: set[str] = set()
        self._victim = self._left = 0
        self._counts = False

    def aim(self, pid: int, call: int) -> None:
        """Let the process `pid` be killed at that call from the first transaction on."""
        self._victim, self._left, self._counts = pid, call, False

    def __call__(self, request: Request) -> Answer:
        """Answer a request, unless it is the one at which the API is killed."""
        action = request.target.partition(".")[2]
        self._counts = self._counts or action == "TransactWriteItems"
        if self._victim and self._counts:
            self._left -= 1
            if self._left < 0:
                os.kill(self._victim, 9)
                self._victim = 0
                return 503, {}, b"{}"
        answer = server.ask_moto(request)
        if action == "SendMessage":
            self.hinted.add(hint.decode(json.loads(request.body)["MessageBody"]))
        if action == "TransactWriteItems":
            puts = [step.get("Put", {}) for step in json.loads(request.body)["TransactItems"]]
            stored = [it["Item"] for it in puts if it.get("TableName") == "hoststat-dev-groups"]
            self.groups += [item["group_id"]["S"] for item in stored]
        return answer


class Service:
    """An API that is started anew after each kill, on a cloud that stays."""

    def __init__(self, port: int, killer: Killer, log: IO[Any]) -> None:
        self._url, self._killer, self._log = f"http://127.0.0.1:{port}", killer, log

    @contextlib.contextmanager
    def api(self, *, killed_at: int | None = None) -> Iterator[None]:
        """Run the API while the context lasts."""
        with services.process(sys.executable, "-m", "local.gateway", log=self._log) as process:
            assert services.until(lambda: services.answers(self._url))
            if killed_at is not None:
                self._killer.aim(process.pid, killed_at)
            yield

    def post(self, key: str) -> str | None:
        """Create a group, and give its id; None if the API is gone before it answers."""
        try:
            answer = requests.post(
                f"{self._url}/v3/group/",
                json=ASKED,
                auth=ROOT,
                headers={"Idempotency-Key": key},
                timeout=services.DEADLINE,
            )
        except requests.ConnectionError:
            return None
        assert answer.status_code == 201, answer.text
        group_id: str = answer.json()["group_id"]
        return group_id

    def counts(self, group_id: str | None) -> Any:
        answer = requests.get(
            f"{self._url}/v3/group/{group_id}", auth=ROOT, timeout=services.DEADLINE
        )
        return answer.json()["counts"]


@pytest.fixture
def killer() -> Killer:
    return Killer()


@pytest.fixture
def service(killer: Killer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    port = services.free_port()
    enter(monkeypatch, port)
    serving = Serving(Cloud(ask=killer), stage.cloud_port(port))
    try:
        cloud.make_resources()
        parts.users.make_admin(*ROOT)
        for name in NAMES:
            parts.hosts.add(name, by="root")
        with (tmp_path / "log").open("w") as log:
            yield Service(port, killer, log)
    finally:
        serving.end()
        moto_api_backend.reset()


def tasks(group_id: str) -> set[str]:
    """Give the tasks of a group that are stored."""
    return {task.task_id for task in parts.task_store.get_many(ids(group_id))}


def ids(group_id: str) -> list[str]:
    return [f"{name}~{group_id}" for name in NAMES]


def sweep_makes_all() -> bool:
    parts.sweeper.sweep()
    return not [*parts.group_store.unmade(parts.clock.now())]


def test_a_group_whose_api_is_killed_comes_to_be_within_a_sweep_or_not_at_all(
    service: Service, killer: Killer
) -> None:
    for call in CALLS:
        with service.api(killed_at=call):
            assert service.post(str(call)) is None
    groups = list(killer.groups)
    # The kill at the first call leaves nothing. Some others leave half a group.
    assert len(groups) == len(CALLS) - 1
    assert min(len(tasks(it)) for it in groups) < HOSTS
    assert not killer.hinted >= {task_id for it in groups for task_id in ids(it)}
    killed_at = parts.clock.now()
    assert services.until(lambda: parts.clock.now() > killed_at + fan_out.PATIENCE)
    assert services.until(sweep_makes_all)
    assert killer.groups == groups
    for group_id in groups:
        assert tasks(group_id) == {*ids(group_id)}
        assert killer.hinted >= {*ids(group_id)}
    with service.api():
        again = [service.post(str(call)) for call in CALLS]
        assert again[1:] == groups
        none = dict.fromkeys(("STARTED", "SUCCESS", "FAILURE", "REVOKED"), 0)
        for it in again:
            assert service.counts(it) == {"hosts": HOSTS, "QUEUED": HOSTS, **none}
