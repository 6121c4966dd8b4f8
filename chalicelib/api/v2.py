"""v2: iostat as a task that is created, watched and cancelled."""

from chalice import Blueprint
from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.api import access, params
from chalicelib.api import answers as shapes
from chalicelib.api import middleware as door
from chalicelib.api.access import Access

api = Blueprint(__name__)


@access.route(api, "/v2", "GET", to=Access.OPEN)
def index_v2() -> object:
    """What there is."""
    params.query(api.current_request)
    return shapes.index(api.current_request, "v2")


@access.route(api, "/v2/uptime", "GET", to=Access.OPEN)
def uptime_v2() -> object:
    """The host's uptime."""
    return shapes.uptime(bootstrap.host(), detail=params.detail(api.current_request))


@access.route(api, "/v2/iostat", "GET", "POST", to=Access.OPEN)
def create_v2() -> Response:
    """Create a task."""
    request = api.current_request
    window = params.window(request, bootstrap.settings())
    key = params.key(request, "v2", door.source(request))
    return shapes.created(request, "v2", bootstrap.service().create("v2", window, key=key))


@access.route(api, "/v2/task/{task_id}", "GET", to=Access.OPEN)
def show_v2(task_id: str) -> Response:
    """Look at a task."""
    request, service = api.current_request, bootstrap.service()
    look = params.look(request, bootstrap.settings())
    task = service.watch("v2", task_id, look)
    return shapes.shown(request, task, look, service.reports(task, look.since))


@access.route(api, "/v2/task/{task_id}", "DELETE", to=Access.OPEN)
def cancel_v2(task_id: str) -> Response:
    """Cancel a task."""
    params.query(api.current_request)
    bootstrap.service().cancel("v2", task_id)
    return shapes.gone()
