"""v1: answers at once."""

from chalice import Blueprint

from chalicelib import bootstrap, errors
from chalicelib.api import access, links, params
from chalicelib.api import answers as shapes
from chalicelib.api.access import Access
from chalicelib.clock import SystemClock
from chalicelib.measure import at_once as measure

api = Blueprint(__name__)


@access.route(api, "/v1", "GET", to=Access.OPEN)
def index_v1() -> object:
    """What there is."""
    params.query(api.current_request)
    return shapes.index(api.current_request, "v1")


@access.route(api, "/v1/uptime", "GET", to=Access.OPEN)
def uptime_v1() -> object:
    """The host's uptime."""
    return shapes.uptime(bootstrap.host(), detail=params.detail(api.current_request))


@access.route(api, "/v1/iostat", "GET", to=Access.OPEN)
def iostat_v1() -> object:
    """A window, after as long as it lasts."""
    limits = bootstrap.settings()
    window = params.window(api.current_request, limits, "detail")
    detail = params.detail(api.current_request, "count", "wait")
    if window.seconds > limits.sync_seconds:
        path = f"/v2/iostat/?count={window.count}&wait={window.wait}"
        raise errors.Invalid(
            f"A window of {window.seconds} s is too long to wait for, more than "
            f"{limits.sync_seconds:g} s; ask {links.prefix(api.current_request)}{path} instead."
        )
    measured = measure.at_once(bootstrap.host(), window, SystemClock())
    return shapes.measured(measured, detail=detail)
