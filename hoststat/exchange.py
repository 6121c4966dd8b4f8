"""One request to a service, and what its answer means: a value, a problem, or another try."""

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from hoststat import __version__, connections
from hoststat.errors import Problem, Unreachable, Usage

#: Seconds until a connection stands, and until an answer comes that is not held.
_CONNECT, _READ = 5.0, 30.0
#: Statuses that a later try may not get.
_PASSING = frozenset({429, 500, 502, 503, 504})
#: The most seconds that we wait because a service asks for it.
_MOST_WAIT = 60.0


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


class Request(NamedTuple):
    """A request, which may be sent more than once."""

    method: str
    url: str
    #: What is sent as JSON, None for nothing.
    body: object = None
    #: Its Idempotency-Key, "" for none.
    key: str = ""
    #: Seconds that the service may take before it answers.
    hold: float = 0
    #: Statuses after which it is not sent again.
    final: Collection[int] = ()
    #: Which try this is. An answer to an earlier one may be lost.
    tries: int = 1


class Answer(NamedTuple):
    """An answer that is no error."""

    body: Any
    headers: Mapping[str, str]
    status: int
    #: How often it was asked.
    tries: int = 1


class Failure(NamedTuple):
    """A try that failed, and may be made again."""

    error: Problem | Unreachable
    #: Whether nobody listens there.
    refused: bool = False
    #: Seconds that the service asks us to wait.
    after: float = 0


def send(request: Request, site: Site, pool: Any) -> Answer | Failure:
    """Send a request once, by the connections of `pool`.

    Raises Problem for an answer that a later try gets, too, Unreachable for a certificate that is
    not trusted, and for what is no hoststat, Usage for a URL that cannot be asked.
    """
    import urllib3

    timeout = urllib3.Timeout(connect=_CONNECT, read=_READ + request.hold)
    sent = None if request.body is None else json.dumps(request.body).encode()
    try:
        got = pool.request(
            request.method, request.url, body=sent, headers=_headers(request, site),
            timeout=timeout, retries=False, redirect=False,
        )  # fmt: skip
    except urllib3.exceptions.SSLError as broken:
        raise Unreachable(connections.untrusted(site.url, broken)) from broken
    except (urllib3.exceptions.LocationValueError, UnicodeError) as bad:
        raise Usage(f"{site.url} is not a URL that can be asked.") from bad
    except urllib3.exceptions.HTTPError as broken:
        refused = isinstance(broken, urllib3.exceptions.NewConnectionError)
        return Failure(Unreachable(connections.unreachable(site.url, broken)), refused=refused)
    said = _read(got.data)
    if got.status >= 300:
        return _failed(request, site, got, said)
    if not isinstance(said, dict):
        raise Unreachable(f"{site.url} answers, but it is no hoststat.")
    return Answer(said, got.headers, got.status, request.tries)


def _failed(request: Request, site: Site, got: Any, said: Any) -> Failure:
    """Give the failure of a try that may be made again; raise the problem of any other."""
    problem = _problem(request, site, got, said)
    # Another try with the same key may be on its way just now.
    passing = got.status in _PASSING or (got.status == 409 and request.key)
    if not passing or got.status in request.final:
        raise problem
    return Failure(problem, after=_seconds(got.headers.get("Retry-After", "")))


def _problem(request: Request, site: Site, got: Any, said: Any) -> Problem:
    request_id = got.headers.get("X-Request-Id", got.headers.get("x-amzn-RequestId", ""))
    detail = said.get("detail") or said.get("message") if isinstance(said, dict) else None
    if got.status == 401 and site.user:
        detail = connections.refused(site.url, site.user, site.password_file)
    elif 300 <= got.status < 400:
        detail = f"{site.url} leads elsewhere: log in to {got.headers.get('Location', '?')}."
    elif not isinstance(detail, str):
        detail = f"{site.url} answers with status {got.status}; is that a hoststat?"
    problem = Problem(site.url, got.status, _as_typed(detail, request.url), request_id)
    problem.tries = request.tries
    return problem


def _headers(request: Request, site: Site) -> dict[str, str]:
    headers = {"User-Agent": f"hoststat/{__version__}", "Accept": "application/json"}
    if site.user:
        login = f"{site.user}:{site.password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
    if request.key:
        headers["Idempotency-Key"] = request.key
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    return headers


def _as_typed(detail: str, url: str) -> str:
    """Give what a service says with names as people typed them: in a path they are encoded."""
    for part in urlsplit(url).path.split("/"):
        detail = detail.replace(part, unquote(part)) if "%" in part else detail
    return detail


def _seconds(text: str) -> float:
    return min(float(text), _MOST_WAIT) if text.isdigit() else 0.0


def _read(data: bytes) -> Any:
    try:
        return json.loads(data) if data else {}
    except ValueError:
        return None
