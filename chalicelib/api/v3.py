"""v3: the same as v2 behind a login, with a list of tasks, and with users."""

from chalice import Blueprint
from chalice.app import Response

from chalicelib.api import access, answers, create_params, middleware, params
from chalicelib.api.access import Access
from chalicelib.bootstrap import parts

api = Blueprint(__name__)


@access.route(api, "/v3", "GET", to=Access.OPEN)
def index_v3() -> Response:
    """List what v3 has. Of v3's paths only this one is open to everybody."""
    request = api.current_request
    params.nothing(request)
    return Response(answers.index(request, "v3", "users"), answers.beside(request))


@access.route(api, "/v3/uptime", "GET", to=Access.USER)
def uptime_v3() -> object:
    """Show the uptime of this machine, or of a host."""
    request = api.current_request
    detail, host = create_params.uptime(request)
    if host is None:
        return answers.uptime(parts.machine, detail=detail)
    told = parts.host_tasks.uptime(host, owner=middleware.user(request).username)
    return answers.uptime_of_host(told, detail=detail)


@access.route(api, "/v3/iostat", "GET", "POST", to=Access.USER)
def create_v3() -> Response:
    """Create a task, perhaps for a host."""
    request = api.current_request
    asked, source = create_params.wanted(request, parts.settings), middleware.source(request)
    owner, key = middleware.user(request).username, params.idempotency_key(request)
    if asked.host is None:
        parts.machine.check(asked.window)
    made = parts.host_tasks.create(**asked._asdict(), owner=owner, source=source, key=key)
    return answers.new_task(request, "v3", made)


@access.route(api, "/v3/task", "GET", to=Access.USER)
def list_tasks_v3() -> object:
    """List the tasks of v3, the newest first."""
    request = api.current_request
    asked = params.task_page(request)
    found, cursor = parts.tasks.page(asked.wanted, limit=asked.limit, after=asked.after)
    return answers.task_list(request, found, asked.next(cursor))


@access.route(api, "/v3/task/{task_id}", "GET", to=Access.USER)
def show_v3(task_id: str) -> Response:
    """Look at a task."""
    request = api.current_request
    look = params.look(request, parts.settings)
    return answers.task(request, parts.tasks.look("v3", task_id, look), look)


@access.route(api, "/v3/task/{task_id}", "DELETE", to=Access.USER)
def cancel_v3(task_id: str) -> Response:
    """Cancel a task."""
    request = api.current_request
    params.nothing(request)
    parts.tasks.cancel("v3", task_id, by=middleware.user(request).username)
    return answers.no_content()


@access.route(api, "/v3/users", "GET", to=Access.USER)
def list_users() -> object:
    """List the users by name."""
    request = api.current_request
    asked = params.user_page(request)
    found, more = parts.users.page(asked.after, asked.limit)
    return answers.user_list(request, found, asked.next(found, more), detail=asked.detail)


@access.route(api, "/v3/users", "POST", to=Access.ADMIN)
def create_user() -> Response:
    """Create a user."""
    request = api.current_request
    given, form = params.user(request)
    made = parts.users.create(given, form=form, by=middleware.user(request).username)
    return answers.new_user(request, made)


@access.route(api, "/v3/users/{username}", "GET", to=Access.USER)
def show_user(username: str) -> object:
    """Show a user."""
    params.nothing(api.current_request)
    return answers.user(api.current_request, parts.users.find(username))


@access.route(api, "/v3/users/{username}", "PUT", to=Access.ADMIN)
def replace_user(username: str) -> object:
    """Replace a user, or create one."""
    request = api.current_request
    (given, form), by = params.user(request), middleware.user(request).username
    user, was_there = parts.users.replace(username, given, form=form, by=by)
    return answers.user(request, user) if was_there else answers.new_user(request, user)


@access.route(api, "/v3/users/{username}", "PATCH", to=Access.ADMIN)
def change_user(username: str) -> object:
    """Change some fields of a user."""
    request = api.current_request
    (given, form), by = params.user(request), middleware.user(request).username
    return answers.user(request, parts.users.change(username, given, form=form, by=by))


@access.route(api, "/v3/users/{username}", "DELETE", to=Access.ADMIN)
def delete_user(username: str) -> Response:
    """Delete a user."""
    request = api.current_request
    params.nothing(request)
    parts.users.delete(username, by=middleware.user(request).username)
    return answers.no_content()
