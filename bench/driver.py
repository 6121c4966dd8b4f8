"""A client of any of the stacks: what it asks is the same, word for word."""

import http.client
import json
import time
from typing import Any

from local.stage import LOOPBACK

_ENDED = {"SUCCESS", "FAILURE", "REVOKED"}
#: Seconds between two looks at a task, and that one may take.
_PAUSE, _PATIENCE = 0.002, 300


class Client:
    """One connection, kept open where the server lets it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
        #: Requests that were asked.
        self.asked = 0

    def ask(self, method: str, path: str) -> Any:
        """The body of an answer. Raises RuntimeError for one that is no success."""
        self.asked += 1
        self._connection.request(method, path)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {body!r}")
        return json.loads(body) if body else None

    def create(self, window: str = "") -> str:
        """The path of a new task, of one report if nothing else is asked."""
        made = self.ask("POST", f"/v2/iostat/{window}")
        path: str = made["links"][0]["href"]
        return path

    def follow(self, path: str, *, query: str = "", pause: float = _PAUSE) -> None:
        """Return when the task has ended. Raises RuntimeError where it is no SUCCESS."""
        deadline = time.monotonic() + _PATIENCE
        while (state := self.ask("GET", path + query)["state"]) not in _ENDED:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} is {state} for too long.")
            time.sleep(pause)
        if state != "SUCCESS":
            raise RuntimeError(f"{path} ended as {state}.")
