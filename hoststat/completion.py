"""What a shell completes besides commands and options: the names of hosts."""

import click

from hoststat.context import Setup
from hoststat.errors import Failed, Problem

#: The most names that a shell is given.
_MOST = 100


def hosts(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Give the names of hosts that begin so, none if they cannot be had at once."""
    try:
        api = ctx.ensure_object(Setup).silent_api
        query = {"name": f"{begun}*", "limit": _MOST}
        found = api.get("/v3/hosts/", query, patience=0).body["hosts"] if api else []
    except (Problem, Failed):
        # A shell shows nothing of it, and the command itself will say what is wrong.
        return []
    return [str(it) for it in found]
