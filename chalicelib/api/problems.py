"""Errors as answers: RFC 9457, and `msg`, which the first clients read."""

import http

from chalice.app import Response

from chalicelib import errors

_STATUS = {
    errors.Invalid: 400,
    errors.Unauthorized: 401,
    errors.AdminsOnly: 403,
    errors.CrossSite: 403,
    errors.NoSuchPath: 404,
    errors.NoSuchTask: 404,
    errors.NoSuchUser: 404,
    errors.MethodNotAllowed: 405,
    errors.KeyInUse: 409,
    errors.LastAdmin: 409,
    errors.TaskEnded: 409,
    errors.UsernameTaken: 409,
    errors.BodyTooLarge: 413,
    errors.UnknownMediaType: 415,
    errors.KeyReused: 422,
    errors.TooManyLogins: 429,
    errors.MachineFailed: 500,
    errors.Outage: 503,
}
#: RFC 9110's names, where Python 3.11 has older ones.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
_RETRY_SECONDS = 5
#: The headers that an answer of a status bears besides.
HEADERS = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def answer(error: errors.HoststatError, *, hint: str = "") -> Response:
    """The answer that says `error`; `hint` ends the sentence of an outage."""
    headers = {}
    detail = str(error)
    if isinstance(error, errors.MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, errors.Unauthorized):
        headers["WWW-Authenticate"] = 'Basic realm="hoststat", charset="UTF-8"'
    if isinstance(error, errors.TooManyLogins):
        headers["Retry-After"] = str(error.seconds)
    if isinstance(error, errors.Outage):
        headers["Retry-After"] = str(_RETRY_SECONDS)
        detail = f"{detail} {hint}".strip()
    return problem(_STATUS[type(error)], detail, headers)


def title(status: int) -> str:
    """What a status is called."""
    return _TITLES.get(status, http.HTTPStatus(status).phrase)


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """An answer of that status; `detail` is one sentence for a person."""
    body = {
        "type": "about:blank",
        "title": title(status),
        "status": status,
        "detail": detail,
        "msg": detail,
    }
    content_type = {"Content-Type": "application/problem+json"}
    return Response(body, {**content_type, **(headers or {})}, status)
