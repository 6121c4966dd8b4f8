"""v3: v2 behind a login, with users."""

from chalice import Blueprint

from chalicelib import params, shapes

api = Blueprint(__name__)


@api.route("/v3", methods=["GET"], content_types=["*/*"])
def index_v3() -> object:
    """What there is; the one path of v3 that is open to all."""
    params.query(api.current_request)
    return shapes.index(api.current_request, "v3", "users")
