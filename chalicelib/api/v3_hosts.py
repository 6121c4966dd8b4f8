"""v3's registry of hosts: list them, look at one; admins add and remove them."""

from chalice import Blueprint
from chalice.app import Response

from chalicelib.api import access, answers, host_answers, host_params, middleware, params
from chalicelib.api.access import Access
from chalicelib.bootstrap import parts

api = Blueprint(__name__)


@access.route(api, "/v3/hosts", "GET", to=Access.USER)
def list_hosts() -> object:
    """List the hosts by name."""
    request = api.current_request
    asked = host_params.page(request)
    found, last = parts.hosts.page(asked.wanted, limit=asked.limit, after=asked.after)
    now = parts.clock.now()
    return host_answers.listing(request, found, asked.next(last), now, detail=asked.detail)


@access.route(api, "/v3/hosts/{name}", "GET", to=Access.USER)
def show_host(name: str) -> object:
    """Look at a host."""
    params.nothing(api.current_request)
    return host_answers.host(api.current_request, parts.hosts.find(name), parts.clock.now())


@access.route(api, "/v3/hosts/{name}", "PUT", to=Access.ADMIN)
def add_host(name: str) -> object:
    """Add a host."""
    request = api.current_request
    host_params.empty(request)
    host, added = parts.hosts.add(name, by=middleware.user(request).username)
    return host_answers.put(request, host, parts.clock.now(), added=added)


@access.route(api, "/v3/hosts/{name}", "DELETE", to=Access.ADMIN)
def remove_host(name: str) -> Response:
    """Remove a host."""
    params.nothing(api.current_request)
    parts.hosts.remove(name, by=middleware.user(api.current_request).username)
    return answers.no_content()
