"""Errors as answers: problem details (RFC 9457), and `msg`, which the first clients read."""

import http
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Response

from chalicelib import bootstrap, errors, log
from chalicelib.settings import Settings

#: The status of each error. A 500 is never a mistake of the caller.
STATUS: dict[type[errors.HoststatError], int] = {
    errors.Invalid: 400,
    errors.NotMeasurable: 400,
    errors.Unauthorized: 401,
    errors.NoLogin: 401,
    errors.UnreadableLogin: 401,
    errors.AdminsOnly: 403,
    errors.FromElsewhere: 403,
    errors.NoSuchGroup: 404,
    errors.NoSuchHost: 404,
    errors.NoSuchHosts: 404,
    errors.NoSuchPath: 404,
    errors.NoListOfTasks: 404,
    errors.NoSuchTask: 404,
    errors.NoSuchUser: 404,
    errors.MethodNotAllowed: 405,
    errors.GroupEnded: 409,
    errors.KeyInUse: 409,
    errors.LastAdmin: 409,
    errors.NameNotFree: 409,
    errors.TaskEnded: 409,
    errors.UsernameTaken: 409,
    errors.BodyTooLarge: 413,
    errors.UnknownMediaType: 415,
    errors.KeyReused: 422,
    errors.TooManyLogins: 429,
    errors.TooManyTasks: 429,
    errors.MachineFailed: 500,
    errors.NoWorker: 503,
    errors.Outage: 503,
    errors.HostSilent: 504,
}
#: Errors that only workers and stores may see. One that gets here is a fault of our code.
INTERNAL = {
    errors.BadMessage,
    errors.ClockOff,
    errors.Conflict,
    errors.IllegalMove,
    errors.Killed,
    errors.LeaseLost,
    errors.NoQueue,
    errors.Silent,
}
#: RFC 9110's names of statuses for which Python 3.11 has older ones.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
_RETRY_AFTER_OUTAGE = 5
UNFORESEEN = "Something went wrong in the service; its log says what."
#: The headers that an answer of a status has besides those of every answer.
HEADERS = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


class Problem(Response):
    """The answer for an error."""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str], unquoted: str | None
    ) -> None:
        """`unquoted` is the sentence of the error without what it quotes from the request."""
        body = {
            "type": "about:blank",
            "title": title(status),
            "status": status,
            "detail": detail,
            "msg": detail,
        }
        super().__init__(body, {"Content-Type": "application/problem+json", **headers}, status)
        self.detail, self.unquoted = detail, unquoted or detail


def answering(call: Callable[[], Any], *, request_id: str) -> Any:
    """Give what `call` gives, or the answer for the error that it raises.

    An error that no caller should see is logged with its stack, and answered by a plain 500.
    """
    try:
        return call()
    except errors.HoststatError as error:
        if type(error) in INTERNAL:
            return unforeseen(request_id)
        return answer(error, bootstrap.parts.settings)
    except Exception:
        return unforeseen(request_id)


def answer(error: errors.HoststatError, settings: Settings) -> Response:
    """Give the answer for an error, with the hint for people that the settings have for it."""
    headers = {}
    detail = f"{error} {_hint(error, settings)}".strip()
    if isinstance(error, errors.MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, errors.Unauthorized):
        headers["WWW-Authenticate"] = 'Basic realm="hoststat", charset="UTF-8"'
    if isinstance(error, errors.TooManyLogins | errors.TooManyTasks):
        headers["Retry-After"] = str(error.seconds)
    if isinstance(error, errors.Outage):
        headers["Retry-After"] = str(_RETRY_AFTER_OUTAGE)
    return problem(STATUS[type(error)], detail, headers, error.unquoted)


def _hint(error: errors.HoststatError, settings: Settings) -> str:
    if isinstance(error, errors.NoWorker):
        return settings.no_worker_hint
    if isinstance(error, errors.Outage):
        return settings.outage_hint
    return settings.no_task_hint if isinstance(error, errors.NoSuchTask) else ""


def unforeseen(request_id: str) -> Response:
    """Log the exception that is being handled, and give the answer for it."""
    log.failure("request failed", request_id=request_id)
    return problem(500, UNFORESEEN)


def title(status: int) -> str:
    """Give the name of a status."""
    return _TITLES.get(status, http.HTTPStatus(status).phrase)


def problem(
    status: int, detail: str, headers: dict[str, str] | None = None, unquoted: str | None = None
) -> Problem:
    """Give an answer of that status; `detail` is one sentence for a person.

    `unquoted` is that sentence for the log if it quotes what the request has.
    """
    return Problem(status, detail, headers or {}, unquoted)
