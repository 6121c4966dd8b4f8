"""A client of a stack. It sends the same requests to every stack."""

import http.client
import json
import time
from typing import Any

from local.stage import LOOPBACK

_ENDED = {"SUCCESS", "FAILURE", "REVOKED"}
#: Seconds between two looks at a task, and the most that a task may take.
_PAUSE, _PATIENCE = 0.002, 300


class Client:
    """One connection, which stays open if the server allows it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
        #: Requests that were sent.
        self.asked = 0

    def ask(self, method: str, path: str) -> Any:
        """Send a request; give the body of the answer. Raises RuntimeError if it is an error."""
        self.asked += 1
        self._connection.request(method, path)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {body!r}")
        return json.loads(body) if body else None

    def create(self, window: str = "") -> str:
        """Create a task and give its path. `window` is its query; without one it has one report."""
        made = self.ask("POST", f"/v2/iostat/{window}")
        path: str = made["links"][0]["href"]
        return path

    def follow(self, path: str, *, query: str = "", pause: float = _PAUSE) -> None:
        """Wait for the end of a task. Raises RuntimeError if it is late or not a SUCCESS."""
        deadline = time.monotonic() + _PATIENCE
        while (state := self.ask("GET", path + query)["state"]) not in _ENDED:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} is {state} for too long.")
            time.sleep(pause)
        if state != "SUCCESS":
            raise RuntimeError(f"{path} ended as {state}.")
