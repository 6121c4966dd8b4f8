"""v3's groups: one window, or the uptime, of many hosts."""

from chalice import Blueprint
from chalice.app import Response

from chalicelib.api import access, answers, group_answers, group_params, middleware, params
from chalicelib.api.access import Access
from chalicelib.bootstrap import parts

api = Blueprint(__name__)


@access.route(api, "/v3/group", "POST", to=Access.USER)
def create_group() -> Response:
    """Create a group."""
    request = api.current_request
    asked, key = group_params.asked(request, parts.settings), params.idempotency_key(request)
    made = parts.groups.create(asked, owner=middleware.user(request).username, key=key)
    return group_answers.new_group(request, made)


@access.route(api, "/v3/group/{group_id}", "GET", to=Access.USER)
def show_group(group_id: str) -> Response:
    """Look at a group."""
    look = group_params.look(api.current_request)
    return group_answers.group(api.current_request, parts.groups.look(group_id, look), look)


@access.route(api, "/v3/group/{group_id}", "DELETE", to=Access.USER)
def cancel_group(group_id: str) -> Response:
    """Cancel a group."""
    params.nothing(api.current_request)
    parts.groups.cancel(group_id, by=middleware.user(api.current_request).username)
    return answers.no_content()
