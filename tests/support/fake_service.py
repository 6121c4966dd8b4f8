"""A service that answers `hoststat` as the API promises: hosts, tasks, groups, held answers.

Its windows do not wait: a test lets each report come (`measure`), or has them all come at once.
"""

import fnmatch
import threading
import uuid
from collections.abc import Callable
from typing import Any

from tests.support.fake_task import AT, ENDED, Task

LOGIN = ("root", "secret of root")
_UPTIME = "20:16:57 up 14 days,  7:33,  2 users,  load average: 0.10, 0.20, 0.30"


class Fake:
    """The state of the service. `changed` guards it, and wakes held answers."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        #: Hosts, and whether each is online. One that is does its windows at once, if `at_once`.
        self.hosts: dict[str, bool] = {}
        self.at_once = True
        #: Whether the windows of the others have failed at once.
        self.gives_up = False
        self.tasks: dict[str, Task] = {}
        self.groups: dict[str, list[Task]] = {}
        self.keys: dict[str, str] = {}
        #: What was asked: the method, the path, and the fields of the query and of the body.
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.users: dict[str, dict[str, Any]] = {}
        #: Seconds that a network takes for each request.
        self.latency = 0.0
        #: Why tasks that are for no host wait, as the service says it.
        self.waiting = ""
        #: Answers that go before all others: a status and a body, or None for a cut connection.
        self.faults: list[tuple[int, dict[str, Any]] | None] = []

    def measure(self, reports: int) -> None:
        """Let so many more reports come from all hosts that are online."""
        with self.changed:
            for it in [
                *self.tasks.values(),
                *(one for all_ in self.groups.values() for one in all_),
            ]:
                if it.host is None or self.hosts[it.host]:
                    it.measure(reports)
            self.changed.notify_all()

    def paths(self, method: str) -> list[str]:
        """Give the paths that were asked by a method."""
        return [path for verb, path, _ in self.asked if verb == method]

    def answer(self, method: str, path: str, given: dict[str, Any], key: str) -> tuple[int, Any]:
        """Give the status and the body for a request."""
        parts = [it for it in path.split("/") if it]
        with self.changed:
            if parts[1:2] == ["hosts"]:
                return self._hosts(method, parts[2:], given)
            if len(parts) == 3:
                return self._one(method, parts[1], parts[2], given)
            answers: dict[tuple[str, str], Callable[[], tuple[int, Any]]] = {
                ("GET", "uptime"): lambda: self._uptime(given),
                ("POST", "iostat"): lambda: self._create(given, key),
                ("POST", "group"): lambda: self._create_group(given, key),
                ("GET", "task"): self._list,
                ("GET", "health"): lambda: (200, {"status": "ok"}),
            }
            found = answers.get((method, parts[-1]))
            return found() if found else problem(404, f"There is nothing at {path}.")

    def _uptime(self, given: dict[str, Any]) -> tuple[int, Any]:
        host = given.get("host", "")
        if host and host not in self.hosts:
            return problem(404, f"There is no host {host}.")
        if host and not self.hosts[host]:
            return problem(504, f"{host} did not answer; it was last seen 3 days ago.")
        body: dict[str, Any] = {"uptime": f"10:00:00 up {host or 'here'}"}
        return 200, body | ({"seconds": 1.0, "host": "node-1"} if given.get("detail") else {})

    def _create(self, given: dict[str, Any], key: str) -> tuple[int, Any]:
        host = given.get("host")
        if host and host not in self.hosts:
            return problem(404, f"There is no host {host}.")
        made = self.keys.get(key)
        if made is None:
            made = self.keys[key] = (f"{host}~" if host else "") + str(uuid.uuid4())
            self.tasks[made] = self._new(host, given)
        return 201, {"task_id": made}

    def _new(self, host: str | None, given: dict[str, Any]) -> Task:
        what = given.get("what", "iostat")
        task = Task(host, int(given.get("count", 1)), int(given.get("wait", 1)), what=what)
        works = host is None or self.hosts[host]
        if self.at_once and works:
            task.measure(task.count)
        elif self.gives_up and not works:
            task.state = "FAILURE"
            task.why = f"{host} did not begin it within 30 s; it was last seen 3 days ago."
        return task

    def _create_group(self, given: dict[str, Any], key: str) -> tuple[int, Any]:
        found = sorted(
            {it for it in self.hosts for named in given["hosts"] if fnmatch.fnmatch(it, named)}
        )
        if not found:
            return problem(404, f"There is no host {given['hosts'][0]}.")
        if key not in self.keys:
            self.keys[key] = str(uuid.uuid4())
            self.groups[self.keys[key]] = [self._new(host, given) for host in found]
        return 201, {"group_id": self.keys[key]}

    def _one(self, method: str, kind: str, name: str, given: dict[str, Any]) -> tuple[int, Any]:
        if kind == "users":
            return 200, {"username": name, "fullname": name, "admin": True}
        there: Any = self.tasks if kind == "task" else self.groups
        if name not in there:
            return problem(404, f"There is no {kind} {name}.")
        tasks = [there[name]] if kind == "task" else there[name]
        if method == "DELETE":
            return self._cancel(tasks)
        seen = [int(it) for it in str(given.get("since", "")).split(".") if it] or [0] * len(tasks)
        if given.get("timeout"):
            self.changed.wait_for(
                lambda: (
                    any(len(it.reports) > at for it, at in zip(tasks, seen, strict=True))
                    or all(it.state in ENDED for it in tasks)
                ),
                float(given["timeout"]),
            )
        shown = [
            {**({"host": it.host} if kind == "group" else {}), **report}
            for it, at in zip(tasks, seen, strict=True)
            for report in it.reports[at:]
        ]
        if not given.get("text"):
            shown = [{name: it for name, it in one.items() if name != "text"} for one in shown]
        after = [len(it.reports) for it in tasks]
        if kind == "task":
            return 200, self._task(name, tasks[0], shown, after[0])
        return 200, self._group(name, tasks, shown, ".".join(map(str, after)))

    def _cancel(self, tasks: list[Task]) -> tuple[int, Any]:
        if all(it.state in ("SUCCESS", "FAILURE") for it in tasks):
            return problem(409, "The task has ended as SUCCESS and cannot be cancelled.")
        for it in tasks:
            it.state = it.state if it.state in ENDED else "REVOKED"
        self.changed.notify_all()
        return 204, None

    def _task(self, name: str, it: Task, shown: list[Any], following: int) -> dict[str, Any]:
        request: dict[str, Any] = {"count": it.count, "wait": it.wait}
        if it.host:
            request |= {"host": it.host, "start_by": AT}
        body: dict[str, Any] = {"task_id": name, "state": it.state, "request": request}
        body |= {"progress": {"done": len(it.reports), "of": it.count}, "host": "node-1"}
        body |= {"started_at": AT if it.reports else None, "reports": shown, "next": following}
        if it.state == "QUEUED" and self.waiting:
            body["waiting"] = self.waiting
        if it.state in ("SUCCESS", "REVOKED"):
            body["result"] = {"iostat": it.text}
        elif it.state == "FAILURE":
            body["result"] = it.why
        return body

    def _group(
        self, name: str, tasks: list[Task], shown: list[Any], following: str
    ) -> dict[str, Any]:
        states = [it.state for it in tasks]
        counts = {it: states.count(it) for it in ("QUEUED", "STARTED", *ENDED)}
        order = ("STARTED", "QUEUED", "REVOKED", "FAILURE", "SUCCESS")
        state = next(it for it in order if counts[it])
        entries: list[dict[str, Any]]
        entries = [{"host": it.host, "state": it.state} for it in tasks]
        for entry, it in zip(entries, tasks, strict=True):
            if it.why:
                entry["why"] = it.why
        body: dict[str, Any]
        body = {"group_id": name, "state": state, "tasks": entries, "reports": shown}
        body |= {"counts": {"hosts": len(tasks), **counts}, "next": following}
        silent = [it.host for it in tasks if not it.reports and it.state in ENDED]
        return body | ({"no_answer": silent} if silent else {})

    def _hosts(self, method: str, names: list[str], given: dict[str, Any]) -> tuple[int, Any]:
        if method == "PUT":
            there = names[0] in self.hosts
            self.hosts.setdefault(names[0], False)
            return 200 if there else 201, {"host": names[0]}
        if names and names[0] not in self.hosts:
            return problem(404, f"There is no host {names[0]}.")
        if method == "DELETE":
            del self.hosts[names[0]]
            return 204, None
        found = [self._host(it) for it in sorted(self.hosts)]
        if names:
            return 200, next(it for it in found if it["host"] == names[0])
        return 200, {"hosts": found if given.get("detail") else sorted(self.hosts)}

    def _host(self, name: str) -> dict[str, Any]:
        online = self.hosts[name]
        body: dict[str, Any] = {"host": name, "state": "online" if online else "offline"}
        body |= {"seen_at": AT, "uptime": _UPTIME, "load": [0.1, 0.2, 0.3], "source": "iostat"}
        return body | {"version": "0.2.0" if online else "0.1.0", "problem": None}

    def _list(self) -> tuple[int, Any]:
        alone = [self._listed(name, it) for name, it in self.tasks.items()]
        grouped = [
            self._listed(f"{it.host}~{at}", it, ("group", f"/v3/group/{name}"))
            for name, tasks in self.groups.items()
            for at, it in enumerate(tasks)
        ]
        return 200, {"tasks": alone + grouped}

    def _listed(self, name: str, it: Task, *links: tuple[str, str]) -> dict[str, Any]:
        body = self._task(name, it, [], 0)
        kept = {key: body[key] for key in ("task_id", "state", "request")}
        led = [{"rel": rel, "href": path} for rel, path in links]
        return kept | {"created_at": AT, "owner": LOGIN[0], "links": led}


def problem(status: int, detail: str) -> tuple[int, dict[str, Any]]:
    """Give the answer for an error."""
    return status, {"status": status, "title": "", "detail": detail, "msg": detail}
