"""The root: where the versions are."""

from chalice import Blueprint
from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.api import access, links, params
from chalicelib.api.access import Access

api = Blueprint(__name__)


@access.route(api, "/", "GET", to=Access.OPEN)
def index() -> Response:
    """The versions."""
    request = api.current_request
    params.query(request)
    found = [links.link(request, name, f"/{name}/") for name in ("v1", "v2", "v3")]
    described = f'<{links.prefix(request)}/openapi.json>; rel="service-desc"'
    return Response({"links": found}, {"Link": described})


@access.route(api, "/health", "GET", to=Access.OPEN)
def health() -> object:
    """Whether the service answers; `deep` asks what it needs, too."""
    given = params.query(api.current_request, "deep")
    if params.flag(given, "deep"):
        bootstrap.service().reach()
    return {"status": "ok"}


@access.route(api, "/openapi.json", "GET", to=Access.OPEN)
def describe() -> object:
    """All of this, described."""
    from chalicelib.api import openapi

    request = api.current_request
    params.query(request)
    return openapi.document(bootstrap.settings(), links.prefix(request))
