"""Links that can be followed as they are, whatever precedes our routes."""

from chalice.app import Request


def prefix(request: Request) -> str:
    """What stands before the route in the request's own path: a stage, a base path, or nothing."""
    path: str = request.context.get("path") or ""
    depth = len([part for part in request.path.split("/") if part])
    parts = path.rstrip("/").split("/")
    return "/".join(parts[: len(parts) - depth])


def link(request: Request, rel: str, path: str, method: str | None = None) -> dict[str, str]:
    """One link of a body; `path` begins with a slash and leaves the prefix out."""
    how = {"method": method} if method else {}
    return {"rel": rel, **how, "href": prefix(request) + path}
