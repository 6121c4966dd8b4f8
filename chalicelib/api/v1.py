"""v1: uptime, and windows that are measured while the caller waits."""

from chalice import Blueprint

from chalicelib.api import access, answers, params, windows
from chalicelib.api.access import Access
from chalicelib.bootstrap import parts
from chalicelib.measure import machine

api = Blueprint(__name__)


@access.route(api, "/v1", "GET", to=Access.OPEN)
def index_v1() -> object:
    """List what v1 has."""
    params.nothing(api.current_request)
    return answers.index(api.current_request, "v1")


@access.route(api, "/v1/uptime", "GET", to=Access.OPEN)
def uptime_v1() -> object:
    """Show the uptime of this machine."""
    return answers.uptime(parts.machine, detail=params.detail(api.current_request))


@access.route(api, "/v1/iostat", "GET", to=Access.OPEN)
def iostat_v1() -> object:
    """Measure a window while the caller waits."""
    window, detail = windows.at_once(api.current_request, parts.settings)
    measured = machine.measure(parts.machine, window, parts.clock)
    return answers.window(window, measured, detail=detail)
