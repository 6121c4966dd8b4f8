"""The root: where the versions are."""

from chalice import Blueprint

from chalicelib import links, params

api = Blueprint(__name__)


@api.route("/", methods=["GET"], content_types=["*/*"])
def index() -> object:
    """The versions."""
    request = api.current_request
    params.query(request)
    return {"links": [links.link(request, name, f"/{name}/") for name in ("v1", "v2", "v3")]}
