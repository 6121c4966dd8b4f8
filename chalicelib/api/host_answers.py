"""The answers of the routes about hosts."""

from collections.abc import Sequence

from chalice.app import Request, Response

from chalicelib import errors
from chalicelib.api import answers, links
from chalicelib.hosts.model import Host
from chalicelib.measure import numbers


def host(request: Request, found: Host, now: float) -> dict[str, object]:
    """Show a host as it is at the time `now`."""
    path = f"/v3/hosts/{found.host}"
    asked = f"?host={found.host}"
    return {
        "host": found.host,
        "state": found.state(now),
        "added_at": answers.time_text(found.added_at),
        "seen_at": answers.time_text(found.seen_at),
        "node": found.node,
        "system": found.system,
        "cpus": found.cpus,
        "source": found.source,
        "version": found.version,
        "uptime": found.uptime,
        "load": _load(found.uptime),
        "windows": found.windows,
        "busiest": _busiest(found),
        "clock_off_s": found.clock_off_s,
        "problem": found.trouble(now),
        "links": [
            links.link(request, "self", path),
            links.link(request, "uptime", f"/v3/uptime/{asked}"),
            links.link(request, "iostat", f"/v3/iostat/{asked}"),
        ],
    }


def put(request: Request, found: Host, now: float, *, added: bool) -> Response:
    """Show a host that was added, or that was there."""
    shown = host(request, found, now)
    if not added:
        return Response(shown)
    return Response(shown, {"Location": f"{links.prefix(request)}/v3/hosts/{found.host}"}, 201)


def listing(
    request: Request, found: Sequence[Host], more: str | None, now: float, *, detail: bool
) -> dict[str, object]:
    """Show a page of hosts: whole ones if `detail` is set, else names.

    `more` is the path of the next page, None if there is none.
    """
    entries = [host(request, it, now) if detail else it.host for it in found]
    return {"hosts": entries, **answers.next_link(request, more)}


def _load(uptime: str | None) -> object:
    """Give the load in a line of uptime; None for a line that is not one."""
    if uptime is None:
        return None
    try:
        return numbers.read_uptime(uptime, 0)["load"]
    except (errors.MachineFailed, ValueError):
        return None


def _busiest(found: Host) -> dict[str, object] | None:
    if found.busiest_device is None or found.busiest_util is None:
        return None
    return {"device": found.busiest_device, "util": found.busiest_util}
