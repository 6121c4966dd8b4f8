"""Requests to a service: tried again while the network fails, and problems as exceptions."""

import base64
import contextlib
import json
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode, urlsplit

from hoststat import __version__, connections
from hoststat.errors import Failed, Problem, Unreachable, Usage

#: Seconds that a request may go on failing before the command gives up: if nobody listens, if the
#: service or the network does not work, and while a window is followed.
REFUSED, PATIENCE, LONG_PATIENCE = 3.0, 15.0, 900.0
#: Seconds until a connection stands, and until an answer comes that is not held.
_CONNECT, _READ = 5.0, 30.0
#: Seconds before the second try and the most before a later one; each is cut at random.
_FIRST_PAUSE, _MOST_PAUSE = 0.2, 5.0
#: Statuses that a later try may not get.
_PASSING = frozenset({429, 500, 502, 503, 504})


class Site(NamedTuple):
    """A service, and who asks it."""

    url: str
    #: Nobody is logged in without a name.
    user: str = ""
    password: str = ""
    #: The file of the certificates that are trusted, "" for the system's.
    cacert: str = ""
    #: The file that the password comes from, "-" for standard input, "" for a profile or a person.
    password_file: str = ""


class Answer(NamedTuple):
    """An answer that is no error."""

    body: Any
    headers: Mapping[str, str]
    status: int
    #: How often it was asked. An answer to an earlier try may be lost.
    tries: int = 1


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
        self._manager: Any = None
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
        headers = self._headers(key)
        sent = None if body is None else json.dumps(body).encode()
        if sent is not None:
            headers["Content-Type"] = "application/json"
        tries, failing_since = 0, 0.0
        while True:
            tries += 1
            failed = self._once(method, url, headers, sent, hold, final, tries)
            if isinstance(failed, Answer):
                self.lost("")
                return failed._replace(tries=tries)
            failing_since = failing_since or time.monotonic()
            allowed = (
                min(patience, REFUSED) if patience == PATIENCE and failed.refused else patience
            )
            pause = max(failed.after, _pause(tries))
            if time.monotonic() + pause - failing_since > allowed:
                self.lost("")
                raise failed.error
            self.lost(str(failed.error))
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

    def _once(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        sent: bytes | None,
        hold: float,
        final: Collection[int],
        tries: int,
    ) -> "Answer | _Failure":
        """Send a request once. Raises Problem for an error that a later try gets, too."""
        import urllib3

        timeout = urllib3.Timeout(connect=_CONNECT, read=_READ + hold)
        try:
            got = self._connections().request(
                method, url, body=sent, headers=headers, timeout=timeout, retries=False,
                redirect=False,
            )  # fmt: skip
        except urllib3.exceptions.SSLError as broken:
            raise Unreachable(connections.untrusted(self.site.url, broken)) from broken
        except (urllib3.exceptions.LocationValueError, UnicodeError) as bad:
            raise Usage(f"{self.site.url} is not a URL that can be asked.") from bad
        except urllib3.exceptions.HTTPError as broken:
            refused = isinstance(broken, urllib3.exceptions.NewConnectionError)
            return _Failure(
                Unreachable(connections.unreachable(self.site.url, broken)), refused=refused
            )
        said = _read(got.data)
        if got.status < 300:
            if not isinstance(said, dict):
                raise Unreachable(f"{self.site.url} answers, but it is no hoststat.")
            return Answer(said, got.headers, got.status)
        problem = self._problem(url, got.status, said, got.headers)
        problem.tries = tries
        # Another try with the same key may be on its way just now.
        passing = got.status in _PASSING or (got.status == 409 and "Idempotency-Key" in headers)
        if not passing or got.status in final:
            raise problem
        return _Failure(problem, after=_seconds(got.headers.get("Retry-After", "")))

    def _problem(self, url: str, status: int, said: Any, headers: Mapping[str, str]) -> Problem:
        request_id = headers.get("X-Request-Id", headers.get("x-amzn-RequestId", ""))
        detail = said.get("detail") or said.get("message") if isinstance(said, dict) else None
        if status == 401 and self.site.user:
            detail = connections.refused(self.site.url, self.site.user, self.site.password_file)
        elif 300 <= status < 400:
            detail = f"{self.site.url} leads elsewhere: log in to {headers.get('Location', '?')}."
        elif not isinstance(detail, str):
            detail = f"{self.site.url} answers with status {status}; is that a hoststat?"
        return Problem(self.site.url, status, _as_typed(detail, url), request_id)

    def _headers(self, key: str) -> dict[str, str]:
        headers = {"User-Agent": f"hoststat/{__version__}", "Accept": "application/json"}
        if self.site.user:
            login = f"{self.site.user}:{self.site.password}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
        if key:
            headers["Idempotency-Key"] = key
        return headers

    def _connections(self) -> Any:
        if self._manager is None:
            self._manager = connections.pool(self.site.url, self.site.cacert)
        return self._manager


class _Failure:
    """A try that failed, and may be made again."""

    def __init__(self, error: Exception, *, refused: bool = False, after: float = 0) -> None:
        #: `refused`: nobody listens there. `after`: seconds that the service asks us to wait.
        self.error, self.refused, self.after = error, refused, after


def item(collection: str, name: str) -> str:
    """Give the path of one item, such as a host, whatever its name has in it."""
    return f"{collection}{quote(name, safe='~')}"


def _as_typed(detail: str, url: str) -> str:
    """Give what a service says with names as people typed them: in a path they are encoded."""
    for part in urlsplit(url).path.split("/"):
        detail = detail.replace(part, unquote(part)) if "%" in part else detail
    return detail


def _pause(tries: int) -> float:
    import random

    most = min(_FIRST_PAUSE * 2 ** min(tries - 1, 10), _MOST_PAUSE)
    return random.uniform(most / 2, most)


def _seconds(text: str) -> float:
    return min(float(text), 60.0) if text.isdigit() else 0.0


def _read(data: bytes) -> Any:
    try:
        return json.loads(data) if data else {}
    except ValueError:
        return None
