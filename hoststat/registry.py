"""Which hosts there are, and which of them are away."""

from typing import Any

from hoststat.api import Api, item
from hoststat.errors import Problem
from hoststat.times import ago

_PAGE = 1000


def every(api: Api, query: dict[str, object] | None = None) -> list[dict[str, Any]]:
    """Give all hosts, or those that `query` asks for. Raises Problem, Unreachable."""
    found: list[dict[str, Any]] = []
    path: str | None = "/v3/hosts/"
    asked: dict[str, object] | None = {"detail": 1, "limit": _PAGE, **(query or {})}
    while path:
        answer = api.get(path, asked)
        found += answer.body["hosts"]
        path, asked = api.next_path(answer), None
    return found


def absent(api: Api, names: list[str]) -> dict[str, str]:
    """Give those of these hosts that are not online, each with a sentence about it."""
    try:
        if len(names) == 1:
            hosts = [api.get(item("/v3/hosts/", names[0])).body]
        else:
            hosts = [it for it in every(api) if it["host"] in names]
    except Problem:
        # It was worth a question, not more: the work goes on.
        return {}
    return {host["host"]: _sentence(host) for host in hosts if host["state"] != "online"}


def _sentence(host: dict[str, Any]) -> str:
    seen = host.get("seen_at")
    return f"{host['host']} is {host['state']}, " + (
        f"last seen {ago(seen)} ago" if seen else "never seen"
    )
