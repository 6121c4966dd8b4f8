"""Workers with names, as processes: one machine a name, and none after the host was removed."""

import contextlib
import datetime
import json
import re
import sys
import time
from collections.abc import Iterator
from typing import IO, Any

import pytest
import requests

from tests.support import processes as services

ROOT = ("root", "secret of root")


class Service:
    """A service without a worker of its own."""

    def __init__(self, port: int) -> None:
        self.port, self.url = port, f"http://127.0.0.1:{port}"

    def ask(self, method: str, path: str) -> requests.Response:
        return requests.request(method, self.url + path, auth=ROOT, timeout=services.DEADLINE)

    def host(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/v3/hosts/{name}").json()
        return found

    def worker(self, name: str, session: str, log: IO[Any], *, ahead: int = 0) -> Any:
        """Run a worker whose clock is so many seconds `ahead`."""
        skewed = ["tests.support.skewed", str(ahead)] if ahead else []
        command = [sys.executable, "-m", *skewed, "local.worker"]
        environ = {"PORT": str(self.port), "HOST": name, "HOST_SESSION": session}
        return services.process(*command, log=log, **environ)


@contextlib.contextmanager
def serving(log: IO[Any], **environ: str) -> Iterator[Service]:
    own = Service(services.free_port())
    given = {"PORT": str(own.port), "ADMIN": ":".join(ROOT), **environ}
    with services.process(sys.executable, "-m", "local.launch", log=log, **given) as process:
        assert services.until(lambda: process.poll() is not None or services.answers(own.url))
        yield own


@pytest.fixture
def log(tmp_path: Any) -> Iterator[IO[Any]]:
    with (tmp_path / "log").open("w+") as written:
        yield written


def test_two_machines_of_one_name_and_a_restart_after_a_kill(log: IO[Any]) -> None:
    with serving(log, WORKER="0") as own:
        silent = own.ask("GET", "/health?deep=1")
        said = (
            "No worker has been seen for 2 minutes; tasks wait. "
            f"On a laptop, `make worker PORT={own.port}` starts one."
        )
        assert (silent.status_code, silent.json()["detail"]) == (503, said)
        with own.worker("db-1", "one", log) as first:
            assert services.until(lambda: own.host("db-1").get("state") == "online")
            assert own.ask("GET", "/health?deep=1").json() == {"status": "ok", "workers": 1}
            with own.worker("db-1", "two", log):
                node = own.host("db-1")["node"]
                said = f"Two machines use this name: node {node} and node {node}."
                assert services.until(lambda: own.host("db-1")["problem"] == said)
                first.kill()
                first.wait()
                seen_at = own.host("db-1")["seen_at"]
                with own.worker("db-1", "one", log):
                    # The clone would have to wait for 150 s.
                    assert services.until(lambda: own.host("db-1")["seen_at"] > seen_at)
        assert services.until(lambda: own.host("db-1")["state"] == "left")
    log.seek(0)
    lines = log.read()
    assert lines.count('"event": "name taken", "host": "db-1"') == 2
    assert "Another machine, node " in lines


def test_after_a_removal_a_worker_ends_and_that_of_the_service_goes_on(log: IO[Any]) -> None:
    with serving(log, HOST="laptop-1") as own, own.worker("db-1", "one", log) as worker:
        assert services.until(lambda: own.host("laptop-1").get("state") == "online")
        assert services.until(lambda: own.host("db-1").get("state") == "online")
        for name in ("laptop-1", "db-1"):
            assert own.ask("DELETE", f"/v3/hosts/{name}").status_code == 204
        # The worker of the service takes the tasks that are for no host, too.
        assert own.ask("GET", "/health?deep=1").json() == {"status": "ok", "workers": 1}
        assert worker.wait(services.DEADLINE + 30) == 78
        with own.worker("db-1", "one", log) as again:
            assert again.wait(services.DEADLINE) == 78
        assert services.until(lambda: len(gone(log)) == 3)
        task = requests.post(f"{own.url}/v2/iostat/", timeout=services.DEADLINE).json()
        path = f"/v2/task/{task['task_id']}"
        assert services.until(lambda: own.ask("GET", path).json()["state"] == "SUCCESS")
    assert sorted(gone(log)) == [
        "The host 'db-1' was removed a moment ago; its name is free again in ... s.",
        "The host db-1 was removed: this worker works for it no more.",
        "The host laptop-1 was removed: this worker works for it no more.",
    ]


def test_a_host_whose_clock_is_an_hour_off_is_online_and_says_so(log: IO[Any]) -> None:
    with serving(log, WORKER="0") as own, own.worker("db-1", "one", log, ahead=3600):
        assert services.until(lambda: own.host("db-1").get("clock_off_s"))
        made = own.ask("POST", "/v3/iostat/?host=db-1").json()
        shown = own.host("db-1")
        # The cloud's time is in whole seconds, and its answer may have taken some.
        assert 3590 <= shown["clock_off_s"] <= 3600
        seen_at = datetime.datetime.fromisoformat(shown["seen_at"]).timestamp()
        assert abs(time.time() - seen_at) < services.DEADLINE
        assert shown["state"] == "online"
        assert re.match("This machine's clock is [0-9]+ s ahead of the cloud's; ", shown["problem"])
        task = own.ask("GET", f"/v3/task/{made['task_id']}?timeout=3").json()
        assert task["state"] == "QUEUED"


def gone(log: IO[Any]) -> list[str]:
    """Give why workers are no hosts any more, as the log says it."""
    with open(log.name) as written:
        lines = [json.loads(line) for line in written if '"host not there"' in line]
    return [re.sub("[0-9]+ s", "... s", line["why"]) for line in lines]
