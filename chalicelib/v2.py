"""v2: iostat as a task that is created, watched and cancelled."""

from chalice import Blueprint
from chalice.app import Response

from chalicelib import bootstrap, params, shapes

api = Blueprint(__name__)


@api.route("/v2", methods=["GET"], content_types=["*/*"])
def index_v2() -> object:
    """What there is."""
    params.query(api.current_request)
    return shapes.index(api.current_request, "v2")


@api.route("/v2/uptime", methods=["GET"], content_types=["*/*"])
def uptime_v2() -> object:
    """The host's uptime."""
    params.query(api.current_request)
    return {"uptime": bootstrap.host().uptime()}


@api.route("/v2/iostat", methods=["GET", "POST"], content_types=["*/*"])
def create_v2() -> Response:
    """Create a task."""
    request = api.current_request
    window = params.window(request, bootstrap.settings())
    return shapes.created(request, bootstrap.service().create("v2", window))


@api.route("/v2/task/{task_id}", methods=["GET"], content_types=["*/*"])
def show_v2(task_id: str) -> Response:
    """Look at a task."""
    params.query(api.current_request)
    service = bootstrap.service()
    task = service.find("v2", task_id)
    return shapes.shown(api.current_request, task, service.result(task))


@api.route("/v2/task/{task_id}", methods=["DELETE"], content_types=["*/*"])
def cancel_v2(task_id: str) -> Response:
    """Cancel a task."""
    params.query(api.current_request)
    bootstrap.service().cancel("v2", task_id)
    return shapes.gone()
