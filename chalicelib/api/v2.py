"""v2: iostat as a task that is created, watched and cancelled."""

from chalice import Blueprint
from chalice.app import Response

from chalicelib import errors
from chalicelib.api import access, answers, middleware, params, windows
from chalicelib.api.access import Access
from chalicelib.bootstrap import parts

api = Blueprint(__name__)


@access.route(api, "/v2", "GET", to=Access.OPEN)
def index_v2() -> object:
    """List what v2 has."""
    params.nothing(api.current_request)
    return answers.index(api.current_request, "v2")


@access.route(api, "/v2/uptime", "GET", to=Access.OPEN)
def uptime_v2() -> object:
    """Show the uptime of this machine."""
    return answers.uptime(parts.machine, detail=params.detail(api.current_request))


@access.route(api, "/v2/iostat", "GET", "POST", to=Access.OPEN)
def create_v2() -> Response:
    """Create a task."""
    request = api.current_request
    window = windows.read(request, parts.settings.for_strangers())
    parts.machine.check(window)
    key, source = params.idempotency_key(request), middleware.source(request)
    return answers.new_task(request, "v2", parts.tasks.create("v2", window, source=source, key=key))


@access.route(api, "/v2/task", "GET", to=Access.OPEN)
def no_list_v2() -> Response:
    """Say where there is a list of tasks."""
    raise errors.NoListOfTasks


@access.route(api, "/v2/task/{task_id}", "GET", to=Access.OPEN)
def show_v2(task_id: str) -> Response:
    """Look at a task."""
    request = api.current_request
    look = params.look(request, parts.settings)
    return answers.task(request, parts.tasks.look("v2", task_id, look), look)


@access.route(api, "/v2/task/{task_id}", "DELETE", to=Access.OPEN)
def cancel_v2(task_id: str) -> Response:
    """Cancel a task."""
    params.nothing(api.current_request)
    parts.tasks.cancel("v2", task_id)
    return answers.no_content()
