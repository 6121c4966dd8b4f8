"""What belongs to no version: the list of versions, health, and the OpenAPI document."""

from chalice import Blueprint
from chalice.app import Response

from chalicelib.api import access, links, openapi, params, reading
from chalicelib.api.access import Access
from chalicelib.bootstrap import parts
from chalicelib.version import VERSION

api = Blueprint(__name__)


@access.route(api, "/", "GET", to=Access.OPEN)
def index() -> Response:
    """List the versions, and lead browsers to the page."""
    request = api.current_request
    params.nothing(request)
    found = [links.link(request, name, f"/{name}/") for name in ("v1", "v2", "v3")]
    prefix = links.prefix(request)
    headers: dict[str, str | list[str]] = {
        "Link": f'<{prefix}/openapi.json>; rel="service-desc"',
        "Vary": "Accept",
    }
    if reading.wants_page(request):
        return Response({"links": found}, {**headers, "Location": f"{prefix}/page/"}, 303)
    return Response({"links": found}, headers)


@access.route(api, "/health", "GET", to=Access.OPEN)
def health() -> Response:
    """Say that the service answers; with `deep` check that all it needs does, and who works."""
    found: dict[str, object] = {"status": "ok"}
    if params.deep(api.current_request):
        parts.tasks.reach()
        found["workers"] = parts.attendance.count()
    return Response(found, {"Hoststat-Version": VERSION})


@access.route(api, "/openapi.json", "GET", to=Access.OPEN)
def describe() -> object:
    """Describe the whole API."""
    request = api.current_request
    params.nothing(request)
    return openapi.document(parts.settings, links.prefix(request), parts.user_schemas)
