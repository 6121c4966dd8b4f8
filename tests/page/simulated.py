"""Windows that no machine measures: reports with any number of devices, given when a test says."""

import random
import urllib.parse
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page, Route

COLUMNS = ("r/s", "rkB/s", "r_await", "w/s", "wkB/s", "w_await", "d/s", "dkB/s", "d_await")
ALL = (*COLUMNS, "aqu-sz", "%util")
ID = "4bb22c5a-99f8-4716-8007-cf289e6b8666"


def report(index: int, devices: int, seed: str = "") -> dict[str, Any]:
    """Give one report, with iostat's text; the same one each time."""
    chance = random.Random(f"{seed}{index}")
    found: list[dict[str, Any]] = [
        {
            "device": f"nvme{number}n1",
            **{it: round(chance.expovariate(1 / (20 * (1 + number % 7))), 2) for it in ALL},
            "%util": round(chance.random() * 100, 2),
        }
        for number in range(devices)
    ]
    lines = ["Device".ljust(12) + "".join(it.rjust(12) for it in ALL)]
    lines += [
        it["device"].ljust(12) + "".join(f"{it[name]:.2f}".rjust(12) for name in ALL)
        for it in found
    ]
    return {
        "index": index,
        "at": f"2026-11-28T10:{index // 60:02}:{index % 60:02}Z",
        "since_boot": index == 0,
        "devices": found,
        "text": "\n".join(lines) + "\n\n",
    }


class Simulated:
    """A task or a group behind the page's requests. `grow` lets one more report come."""

    def __init__(self, page: Page, hosts: Mapping[str, int], count: int = 60) -> None:
        self.hosts, self.count, self.done, self.grouped = hosts, count, 0, len(hosts) > 1
        self.state = "STARTED"
        self.held: list[Route] = []
        #: How many requests were on their way at once, at the most.
        self.most = 0
        page.route(f"**/v3/*/{ID}?**", self._hear)
        page.route(f"**/v3/*/{ID}", self._cancel)

    def grow(self, reports: int = 1) -> None:
        """Let so many more reports come, and answer what is held."""
        self.done += reports
        if self.done >= self.count:
            self.state = "SUCCESS"
        self._answer_held()

    def _answer_held(self) -> None:
        held, self.held = self.held, []
        for route in held:
            self._hear(route)

    def _cancel(self, route: Route) -> None:
        assert route.request.method == "DELETE"
        self.state = "REVOKED"
        route.fulfill(status=204)
        self._answer_held()

    def _hear(self, route: Route) -> None:
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(route.request.url).query))
        if "/v3/task/" in route.request.url and self.grouped:
            route.fulfill(json={"request": {"count": self.count, "wait": 1}, "reports": []})
            return
        since = int(query.get("since", "0"))
        self.most = max(self.most, len(self.held) + 1)
        if since >= self.done and query["timeout"] != "0" and self.state == "STARTED":
            self.held.append(route)
            return
        route.fulfill(json=self._group(since) if self.grouped else self._task(since))

    def _task(self, since: int) -> dict[str, Any]:
        ((host, devices),) = self.hosts.items()
        reports = [report(index, devices, host) for index in range(since, self.done)]
        ended = {"result": {"iostat": ""}} if self.state != "STARTED" else {}
        return {
            "task_id": ID,
            "state": self.state,
            "links": [],
            "request": {"count": self.count, "wait": 1, "host": host},
            "progress": {"done": self.done, "of": self.count},
            "host": host,
            "source": "iostat",
            "reports": reports,
            "next": self.done,
            **ended,
        }

    def _group(self, since: int) -> dict[str, Any]:
        reports = [
            {"host": host, **report(index, devices, host)}
            for index in range(since, self.done)
            for host, devices in self.hosts.items()
            if devices
        ]
        tasks = [
            {"host": host, "task_id": ID, "state": self.state, "links": []}
            if devices
            else {"host": host, "task_id": ID, "state": "FAILURE", "why": f"{host} is off."}
            for host, devices in self.hosts.items()
        ]
        silent = [host for host, devices in self.hosts.items() if not devices]
        counts = {"hosts": len(self.hosts), self.state: len(self.hosts) - len(silent)}
        return {
            "group_id": ID,
            "state": self.state,
            "counts": {**counts, "FAILURE": len(silent)},
            "tasks": tasks,
            "links": [],
            "no_answer": silent,
            "reports": reports,
            "next": str(self.done),
        }


def rows(many: int) -> list[dict[str, Any]]:
    """Give so many hosts as the API shows them; every tenth is offline."""
    return [
        {
            "host": f"web-{number:03}",
            "state": "offline" if number % 10 == 9 else "online",
            "seen_at": "2026-11-28T10:00:00Z",
            "uptime": "10:00:00 up 14 days,  7:33,  2 users,  load average: 0.58, 0.25, 0.14",
            "load": [0.58, 0.25, 0.14],
            "busiest": {"device": "nvme0n1", "util": number % 100},
            "problem": "Two machines use this name." if number == 3 else None,
            "links": [],
        }
        for number in range(many)
    ]


def show_hosts(page: Page, many: int) -> None:
    """Let the service have so many hosts."""
    page.route("**/v3/hosts/?**", lambda route: route.fulfill(json={"hosts": rows(many)}))
