"""Links that a client can follow as they are, also behind a stage or a base path."""

from chalice.app import Request


def prefix(request: Request) -> str:
    """Give what stands before the route in the path that the client asked for.

    It is a stage such as ``/api``, a base path, or "" on a laptop.
    """
    path: str = request.context.get("path") or ""
    depth = len([part for part in request.path.split("/") if part])
    parts = path.rstrip("/").split("/")
    return "/".join(parts[: len(parts) - depth])


def link(request: Request, rel: str, path: str, method: str | None = None) -> dict[str, str]:
    """Give one link of a body; `path` begins with a slash and has no prefix.

    `method` is None for a GET.
    """
    how = {"method": method} if method else {}
    return {"rel": rel, **how, "href": prefix(request) + path}
