"""v3: v2 behind a login, with users."""

from chalice import Blueprint
from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.api import access, params
from chalicelib.api import answers as shapes
from chalicelib.api import middleware as door
from chalicelib.api.access import Access

api = Blueprint(__name__)


@access.route(api, "/v3", "GET", to=Access.OPEN)
def index_v3() -> object:
    """What there is; the one path of v3 that is open to all."""
    params.query(api.current_request)
    return shapes.index(api.current_request, "v3", "users")


@access.route(api, "/v3/uptime", "GET", to=Access.USER)
def uptime_v3() -> object:
    """The host's uptime."""
    return shapes.uptime(bootstrap.host(), detail=params.detail(api.current_request))


@access.route(api, "/v3/iostat", "GET", "POST", to=Access.USER)
def create_v3() -> Response:
    """Create a task."""
    request = api.current_request
    window, owner = params.window(request, bootstrap.settings()), door.user(request).username
    key = params.key(request, "v3", owner)
    return shapes.created(request, "v3", bootstrap.service().create("v3", window, owner, key))


@access.route(api, "/v3/task", "GET", to=Access.USER)
def list_tasks_v3() -> object:
    """List the tasks of v3, the newest first."""
    request = api.current_request
    asked = params.tasks(request)
    found, place = bootstrap.service().page(asked.wanted, limit=asked.limit, after=asked.after)
    return shapes.tasks_shown(request, found, asked.next(place))


@access.route(api, "/v3/task/{task_id}", "GET", to=Access.USER)
def show_v3(task_id: str) -> Response:
    """Look at a task."""
    request, service = api.current_request, bootstrap.service()
    look = params.look(request, bootstrap.settings())
    task = service.watch("v3", task_id, look)
    return shapes.shown(request, task, look, service.reports(task, look.since))


@access.route(api, "/v3/task/{task_id}", "DELETE", to=Access.USER)
def cancel_v3(task_id: str) -> Response:
    """Cancel a task."""
    params.query(api.current_request)
    bootstrap.service().cancel("v3", task_id)
    return shapes.gone()


@access.route(api, "/v3/users", "GET", to=Access.USER)
def list_users() -> object:
    """List users by name."""
    request = api.current_request
    asked = params.users(request)
    found, more = bootstrap.directory().page(asked.after, asked.limit)
    return shapes.users_shown(request, found, asked.next(found, more), detail=asked.detail)


@access.route(api, "/v3/users", "POST", to=Access.ADMIN)
def create_user() -> Response:
    """Create a user."""
    request = api.current_request
    user = bootstrap.directory().create(params.user(request, whole=True))
    return shapes.user_made(request, user)


@access.route(api, "/v3/users/{username}", "GET", to=Access.USER)
def show_user(username: str) -> object:
    """Look at a user."""
    params.query(api.current_request)
    return shapes.user_shown(api.current_request, bootstrap.directory().find(username))


@access.route(api, "/v3/users/{username}", "PUT", to=Access.ADMIN)
def replace_user(username: str) -> object:
    """Put a user in the place of another, or where there was none."""
    request = api.current_request
    fields = params.user(request, whole=True)
    user, was_there = bootstrap.directory().replace(username, fields)
    return shapes.user_shown(request, user) if was_there else shapes.user_made(request, user)


@access.route(api, "/v3/users/{username}", "PATCH", to=Access.ADMIN)
def change_user(username: str) -> object:
    """Change some of a user."""
    request = api.current_request
    user = bootstrap.directory().change(username, params.user(request, whole=False))
    return shapes.user_shown(request, user)


@access.route(api, "/v3/users/{username}", "DELETE", to=Access.ADMIN)
def delete_user(username: str) -> Response:
    """Delete a user."""
    params.query(api.current_request)
    bootstrap.directory().delete(username)
    return shapes.gone()
