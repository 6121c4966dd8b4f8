"""The door of HTTP: what holds for every request and every answer, before and after the views.

Logins are here, and nowhere else.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chalice.app import Request, Response

from chalicelib import bootstrap, errors, log
from chalicelib.api import access, params, problems
from chalicelib.api.access import Access

if TYPE_CHECKING:
    from chalicelib.users.model import User

#: Bytes of a body, at most.
MAX_BODY = 65_536

#: Characters of a path that are logged.
_LOGGED = 200

_SANE_ID = re.compile("[A-Za-z0-9._:/+=-]{1,128}", re.ASCII)
#: The first clients create by GET.
_CREATING = ("/v2/iostat", "/v3/iostat")
_UNFORESEEN = "Something went wrong here; the log knows more."
_WITH_BODY = ("POST", "PUT", "PATCH")

Routes = Mapping[str, Mapping[str, Any]]
View = Callable[[Request], Response]


def guard(routes: Routes) -> Callable[[Request, View], Response]:
    """The middleware of an app with these routes, by path and method."""

    def middleware(request: Request, get_response: View) -> Response:
        began = time.perf_counter()
        response = _answer(request, get_response, routes)
        context: Any = request.lambda_context
        given = str(request.context.get("requestId") or context.aws_request_id)
        request_id = request_id_of(request.headers, given)
        response.headers |= headers(request_id)
        if response.status_code != 204:
            response.headers.setdefault("Content-Type", params.JSON)
        log.event(
            "answered",
            request_id=request_id,
            method=request.method,
            path=str(request.context.get("path"))[:_LOGGED],
            user=_username(request),
            status=response.status_code,
            seconds=round(time.perf_counter() - began, 4),
        )
        return response

    return middleware


def headers(request_id: str) -> dict[str, str]:
    """What every answer bears."""
    return {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Request-Id": request_id,
    }


def _answer(request: Request, get_response: View, routes: Routes) -> Response:
    try:
        _admit(request, {name: it.view_function for name, it in routes[request.path].items()})
        response = get_response(request)
    except errors.HoststatError as error:
        return problems.answer(error, hint=bootstrap.settings().outage_hint)
    except Exception:
        log.failure("request failed")
        return problems.problem(500, _UNFORESEEN)
    if isinstance(response.body, dict) and "Code" in response.body:
        # Chalice's own words for what no view caught; it has logged it.
        return problems.problem(500, _UNFORESEEN)
    return response


def user(request: Request) -> "User":
    """Who sent it, where the route needs a login."""
    sender: User = request.context["user"]
    return sender


def source(request: Request) -> str:
    """The address that it came from, as the gateway says."""
    address: str = request.context["identity"]["sourceIp"]
    return address


def _admit(request: Request, views: Mapping[str, Callable[..., Any]]) -> None:
    """Raise what is wrong with a request whatever its view may say, in the contract's order."""
    needed = access.needed(views, request.method)
    if needed > Access.OPEN:
        given = request.headers.get("authorization", "")
        request.context["user"] = bootstrap.logins().check(given, source(request))
    if request.method not in views:
        raise errors.MethodNotAllowed(request.method, sorted(views))
    if needed is Access.ADMIN and not user(request).admin:
        raise errors.AdminsOnly
    if _changes(request) and request.headers.get("sec-fetch-site", "").lower() == "cross-site":
        raise errors.CrossSite
    if request.method in _WITH_BODY and request.raw_body:
        if len(request.raw_body) > MAX_BODY:
            raise errors.BodyTooLarge
        if params.media_type(request) not in (params.JSON, params.FORM):
            raise errors.UnknownMediaType


def _username(request: Request) -> str | None:
    return user(request).username if "user" in request.context else None


def _changes(request: Request) -> bool:
    return request.method != "GET" or request.path in _CREATING


def request_id_of(headers: Any, given: str) -> str:
    """The id that a request bears, if it is sane, and else the one that it was `given`.

    `headers` has a `get` that does not mind the case of names.
    """
    sent: str = headers.get("x-request-id", "")
    return sent if _SANE_ID.fullmatch(sent) else given
