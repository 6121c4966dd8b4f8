"""Requests to a service: tried again while the network fails, and problems as exceptions."""

import contextlib
import json
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hoststat import connections, exchange
from hoststat.errors import Failed, Problem
from hoststat.exchange import Answer, Failure, Request, Site

#: Seconds that a request may go on failing before the command gives up: if nobody listens, if the
#: service or the network does not work, and while a window is followed.
REFUSED, PATIENCE, LONG_PATIENCE = 3.0, 15.0, 900.0
#: Seconds before the second try and the most before a later one; each is cut at random.
_FIRST_PAUSE, _MOST_PAUSE = 0.2, 5.0


class Api:
    """The requests of a command to one service."""

    def __init__(self, site: Site) -> None:
        self.site = site
        #: Waits between two tries, and around a request that may be given up for a signal.
        self.sleep: Callable[[float], None] = time.sleep
        self.interruptible: Callable[[], contextlib.AbstractContextManager[None]] = (
            contextlib.nullcontext
        )
        #: Tells people that a request failed and is tried again; "" says that it has worked.
        self.lost: Callable[[str], None] = lambda _: None
        self._pool: Any = None
        self._base = urlsplit(site.url)
        self._described: Any = None

    @property
    def version(self) -> str:
        """The version of the service's paths: v3 with a login, else v2."""
        return "v3" if self.site.user else "v2"

    def get(self, path: str, query: Mapping[str, object] | None = None, **more: Any) -> Answer:
        """Send a GET, which a signal may interrupt; see `ask`."""
        with self.interruptible():
            return self.ask("GET", path, query, **more)

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        *,
        body: object = None,
        key: str = "",
        hold: float = 0,
        patience: float = PATIENCE,
        final: Collection[int] = (),
    ) -> Answer:
        """Send a request, again and again while it fails for at most `patience` seconds.

        `path` begins below the service's URL; `hold` is how many seconds the service may take
        before it answers; `key` is an Idempotency-Key. A status in `final` is not tried again.
        Raises Problem for an answer that is an error, Unreachable, Usage.
        """
        url = self.site.url + path
        given = {name: it for name, it in (query or {}).items() if it not in (None, "", False)}
        if given:
            url += ("&" if "?" in path else "?") + urlencode(
                {name: int(it) if it is True else it for name, it in given.items()}
            )
        request = Request(method, url, body, key, hold, final)
        tries, failing_since = 0, 0.0
        while True:
            tries += 1
            answer = exchange.send(request._replace(tries=tries), self.site, self._connections())
            if isinstance(answer, Answer):
                self.lost("")
                return answer
            failing_since = failing_since or time.monotonic()
            pause = max(answer.after, _pause(tries))
            if time.monotonic() + pause - failing_since > _allowed(answer, patience):
                self.lost("")
                raise answer.error
            self.lost(str(answer.error))
            self.sleep(pause)

    def next_path(self, answer: Answer) -> str | None:
        """Give the path of what follows an answer, None if nothing does.

        Only the path of a link is used: a login must not be sent to another service.
        """
        links = answer.body.get("links", [])
        href = next((it["href"] for it in links if it.get("rel") == "next"), None)
        if href is None:
            return None
        parts = urlsplit(href)
        path = parts.path.removeprefix(self._base.path)
        return f"{path}?{parts.query}" if parts.query else path

    def knows(self, path: str, parameter: str = "") -> bool:
        """Tell whether the service describes such a path, and such a parameter of it."""
        if self._described is None:
            try:
                self._described = self.ask("GET", "/openapi.json").body["paths"]
            except (Problem, Failed, KeyError, TypeError):
                # It cannot be told; then the service's own words are the best that we have.
                return True
        for known, methods in self._described.items():
            if known.rstrip("/") == path.rstrip("/"):
                return not parameter or f'"{parameter}"' in json.dumps(methods)
        return False

    def _connections(self) -> Any:
        if self._pool is None:
            self._pool = connections.pool(self.site.url, self.site.cacert)
        return self._pool


def item(collection: str, name: str) -> str:
    """Give the path of one item, such as a host, whatever its name has in it."""
    return f"{collection}{quote(name, safe='~')}"


def _allowed(failure: Failure, patience: float) -> float:
    """Give the seconds that a request may go on failing: few if nobody listens there."""
    return min(patience, REFUSED) if patience == PATIENCE and failure.refused else patience


def _pause(tries: int) -> float:
    import random

    most = min(_FIRST_PAUSE * 2 ** min(tries - 1, 10), _MOST_PAUSE)
    return random.uniform(most / 2, most)
