"""What applies to every request: checks and the login before its view, headers and log after."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Request, Response

from chalicelib import errors, log
from chalicelib.api import access, log_line, problems, reading
from chalicelib.api.access import Access
from chalicelib.bootstrap import parts
from chalicelib.users.model import User

#: The most bytes that a body may have.
MAX_BODY = 65_536

_SANE_ID = re.compile("[A-Za-z0-9._:/+=-]{1,128}", re.ASCII)
#: Paths on which a GET creates a task, because the first clients do it that way.
_CREATING = ("/v2/iostat", "/v3/iostat")
#: Values of Sec-Fetch-Site: our own page, and a person who typed the address.
_OUR_SITES = ("same-origin", "none")
_WITHOUT_BODY = (204, 304)
_WITH_BODY = ("POST", "PUT", "PATCH")
#: What only admins may do, where that is not to change users.
_FOR_ADMINS = {"/v3/hosts/{name}": "Only admins may add and remove hosts."}

Routes = Mapping[str, Mapping[str, Any]]
View = Callable[[Request], Response]


def guard(routes: Routes) -> Callable[[Request, View], Response]:
    """Make the middleware of an app that has these routes, by path and method."""

    def middleware(request: Request, get_response: View) -> Response:
        began = time.perf_counter()
        context: Any = request.lambda_context
        given = str(request.context.get("requestId") or context.aws_request_id)
        request_id = request_id_of(request.headers, given)
        request.context[access.REQUEST_ID] = request_id
        with log.about(request_id=request_id):
            response: Response = problems.answering(
                lambda: _answer(request, get_response, routes), request_id=request_id
            )
            if isinstance(response.body, dict) and "Code" in response.body:
                # Chalice's own answer for an error outside of our views. It has logged it.
                response = problems.problem(500, problems.UNFORESEEN)
            # What a view says itself stands: the page's files may be kept by browsers.
            response.headers = {**headers(request_id), **response.headers}
            if response.status_code not in _WITHOUT_BODY:
                response.headers.setdefault("Content-Type", reading.JSON)
            took = time.perf_counter() - began
            log.event("answered", **log_line.fields(request, response, took))
        return response

    return middleware


def headers(request_id: str) -> dict[str, str]:
    """Give the headers that every answer has, unless its view says otherwise."""
    return {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Request-Id": request_id,
    }


def user(request: Request) -> User:
    """Give the user who sent a request. The route must need a login."""
    sender: User = request.context["user"]
    return sender


def source(request: Request) -> str:
    """Give the source address of a request, as the gateway saw it."""
    address: str = request.context["identity"]["sourceIp"]
    return address


def request_id_of(headers: Any, given: str) -> str:
    """Give the ``X-Request-Id`` of a request if its form is allowed, otherwise `given`.

    `headers` has a `get` that ignores the case of names.
    """
    sent: str = headers.get("x-request-id", "")
    return sent if _SANE_ID.fullmatch(sent) else given


def _answer(request: Request, get_response: View, routes: Routes) -> Response:
    _check(request, {name: it.view_function for name, it in routes[request.path].items()})
    return get_response(request)


def _check(request: Request, views: Mapping[str, Callable[..., Any]]) -> None:
    """Check the login, the method, who may use it, the page's site, and the body's size and type.

    `views` are the views of the path, by method. Raises the error of the first check that fails:
    the order is a part of the API.
    """
    needed = access.needed(views, request.method)
    if needed > Access.OPEN:
        given = request.headers.get("authorization", "")
        request.context["user"] = parts.logins.check(given, source(request))
    if request.method not in views:
        raise errors.MethodNotAllowed(request.method, sorted(views))
    if needed is Access.ADMIN and not user(request).admin:
        raise errors.AdminsOnly(_FOR_ADMINS.get(request.path))
    if _changes(request) and not _from_here(request.headers):
        raise errors.FromElsewhere
    if request.method in _WITH_BODY and request.raw_body:
        if len(request.raw_body) > MAX_BODY:
            raise errors.BodyTooLarge
        if reading.media_type(request) not in (reading.JSON, reading.FORM):
            raise errors.UnknownMediaType


def _changes(request: Request) -> bool:
    return request.method != "GET" or request.path in _CREATING


def _from_here(headers: Mapping[str, str]) -> bool:
    """Tell whether a request comes from our own page, or from no page at all.

    Browsers say where a request comes from in Sec-Fetch-Site; older ones only in Origin.
    """
    if site := headers.get("sec-fetch-site"):
        return site.lower() in _OUR_SITES
    origin = headers.get("origin")
    if origin is None:
        return True
    return origin.lower().partition("://")[2] == headers.get("host", "").lower() != ""
