"""The looks at some work, a task or a group: each from where the last one ended."""

import time
from typing import Any, NamedTuple

from hoststat import show
from hoststat.api import LONG_PATIENCE, Api
from hoststat.errors import Problem

#: The least and the most seconds between two looks where a stage holds no answers.
_SOON, _LATE = 1.0, 10.0
_ENDED = frozenset({"SUCCESS", "FAILURE", "REVOKED"})


class Work(NamedTuple):
    """A task or a group, and how it was asked for."""

    path: str
    id: str
    #: What people call it: its host, or the hosts as they were named.
    name: str
    #: Whether it has a COUNT: else it ends when somebody ends it.
    counted: bool = True
    #: Seconds within which a host must begin it; None if that is not our matter.
    start_within: int | None = None
    #: Whether we give up on a host sooner than the service, which would still let it begin.
    impatient: bool = False
    #: Its state when it was found by its id.
    state: str = ""

    @property
    def is_group(self) -> bool:
        """Whether it is a group of tasks."""
        return "/group/" in self.path


class Follower:
    """The looks at some work."""

    def __init__(self, api: Api, work: Work, *, text: bool) -> None:
        self._api, self._work = api, work
        #: Whether the text of each report is asked for. A service that is older has only numbers.
        self.text = text
        #: What the last answer said.
        self.body: dict[str, Any] = {}
        #: Why there is no connection now, "" if there is one.
        self.lost = ""
        #: How many reports there were so far.
        self.seen = 0
        self._cursor: Any = None
        self._more = False
        self._last = time.monotonic()
        #: When each host was first seen to measure, or had its last report; by its name.
        self._heard: dict[str, float] = {}

    @property
    def ended(self) -> bool:
        """Whether the work has ended and all its reports were seen."""
        return self.body.get("state") in _ENDED and not self._more

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """The tasks: their `host` ("" without a name), `state`, and `why` one failed."""
        if self._work.is_group:
            tasks: list[dict[str, Any]] = self.body["tasks"]
            return tasks
        host = (self.body.get("request") or {}).get("host", "")
        why = self.body.get("result") if self.body["state"] == "FAILURE" else None
        return [{"host": host, "state": self.body["state"], "why": why}]

    def waiting(self) -> list[str]:
        """Give the hosts that have not begun; "" is one without a name."""
        return [it["host"] for it in self.tasks if it["state"] == "QUEUED"]

    def quiet(self, seconds: float) -> list[str]:
        """Give the hosts with a name that measure, and whose next report is so late."""
        now, wait = time.monotonic(), (self.body.get("request") or {}).get("wait", 0)
        measuring = [it["host"] for it in self.tasks if it["host"] and it["state"] == "STARTED"]
        return [
            host for host in measuring if now - self._heard.setdefault(host, now) >= wait + seconds
        ]

    def look(self, hold: int) -> list[dict[str, Any]]:
        """Give the reports that are new. The answer may be held for `hold` seconds.

        Raises Stopped, Problem, Unreachable. It can be called again then, and no report is lost.
        """
        began = time.monotonic()
        query = {"detail": 1, "text": self.text, "since": self._cursor, "timeout": hold}
        try:
            answer = self._api.get(self._work.path, query, hold=hold, patience=LONG_PATIENCE)
        except Problem as problem:
            if problem.status != 400 or not self.text or self._knows_text():
                raise
            self.text = False
            return self.look(hold)
        self.body, self._cursor = answer.body, answer.body["next"]
        self._more = 'rel="next"' in answer.headers.get("Link", "")
        request = self.body.get("request") or {}
        host = request.get("host") or self.body.get("host")
        found = [it if "host" in it else {"host": host, **it} for it in self.body["reports"]]
        self._heard |= {it["host"]: time.monotonic() for it in found if it["host"]}
        if found:
            self.seen, self._last = self.seen + len(found), time.monotonic()
        elif not self.ended and time.monotonic() - began < hold / 2:
            # This stage holds no answers: then the pace is ours.
            self._api.sleep(min(max(request.get("wait", 1), _SOON), _LATE))
        return found

    def rest(self) -> str:
        """Give the whole text of a task that has ended, where the reports had no texts."""
        text, since = "", 0
        while True:
            answer = self._api.ask("GET", self._work.path, {"since": since, "detail": 1})
            result = answer.body.get("result")
            text += result["iostat"] if isinstance(result, dict) else ""
            since = answer.body["next"]
            if 'rel="next"' not in answer.headers.get("Link", ""):
                return text

    def progress(self) -> str:
        """Give the line that tells how far it is."""
        if self.lost:
            return f"{self._work.name}: connection lost, trying again …"
        if not self.body or self.body["state"] == "QUEUED":
            return f"{self._work.name}: queued"
        if self._work.is_group:
            counts = self.body["counts"]
            of = show.number(counts["hosts"], "host")
            return f"{counts['STARTED']} of {of} · {show.number(self.seen, 'report')}"
        if not self._work.counted:
            return f"{show.number(self.seen, 'report')} · Ctrl-C ends it"
        of, wait = self.body["progress"]["of"], self.body["request"]["wait"]
        left = (of - self.seen) * wait - (time.monotonic() - self._last)
        return f"{self.seen}/{of} · {max(left, 0):.0f} s left"

    def _knows_text(self) -> bool:
        kind = "group/{group_id}" if self._work.is_group else "task/{task_id}"
        return self._api.knows(f"/{self._api.version}/{kind}", "text")
