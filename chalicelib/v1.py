"""v1: answers at once."""

from chalice import Blueprint

from chalicelib import bootstrap, errors, links, measure, params, shapes

api = Blueprint(__name__)


@api.route("/v1", methods=["GET"], content_types=["*/*"])
def index_v1() -> object:
    """What there is."""
    params.query(api.current_request)
    return shapes.index(api.current_request, "v1")


@api.route("/v1/uptime", methods=["GET"], content_types=["*/*"])
def uptime_v1() -> object:
    """The host's uptime."""
    params.query(api.current_request)
    return {"uptime": bootstrap.host().uptime()}


@api.route("/v1/iostat", methods=["GET"], content_types=["*/*"])
def iostat_v1() -> object:
    """A window, after as long as it lasts."""
    limits = bootstrap.settings()
    window = params.window(api.current_request, limits)
    if window.seconds > limits.sync_seconds:
        path = f"/v2/iostat/?count={window.count}&wait={window.wait}"
        raise errors.Invalid(
            f"A window of {window.seconds} s is too long to wait for, more than "
            f"{limits.sync_seconds:g} s; ask {links.prefix(api.current_request)}{path} instead."
        )
    return {"iostat": measure.at_once(bootstrap.host(), window)}
