"""The root: where the versions are."""

from chalice import Blueprint

from chalicelib import access, links, params
from chalicelib.access import Access

api = Blueprint(__name__)


@access.route(api, "/", "GET", to=Access.OPEN)
def index() -> object:
    """The versions."""
    request = api.current_request
    params.query(request)
    return {"links": [links.link(request, name, f"/{name}/") for name in ("v1", "v2", "v3")]}
