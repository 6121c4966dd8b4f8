"""``hoststat hosts``: which hosts there are, and how they are."""

import contextlib
import re
import sys
import time
from typing import Any

import click

from hoststat import __version__, common, context, registry, show, times
from hoststat.api import item
from hoststat.context import Setup
from hoststat.errors import Problem, Usage
from hoststat.exchange import Answer

#: Seconds between two renewals of the list.
_RENEWAL = 5
_CLEAR = "\x1b[H\x1b[2J"
#: The part of a line of uptime between "up" and the users, or the load where there are none.
_UP = re.compile(r"\bup +(.*?), +(?:\d+ users?|load)")
_STATES = ("new", "online", "offline", "left")


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  hoststat hosts
  hoststat hosts --state offline
  hoststat hosts --name 'web-*' --watch
  hoststat hosts add web-4
  hoststat hosts remove web-4""",
)
@click.option("--name", metavar="PATTERN", help="Only hosts of that name, such as 'web-*'.")
@click.option("--state", type=click.Choice(_STATES), help="Only hosts in this state.")
@click.option("--watch", is_flag=True, help="Renew the list every 5 s, until Ctrl-C.")
@common.as_json
@common.talk
@click.pass_context
def hosts(
    ctx: click.Context, name: str | None, state: str | None, watch: bool, as_json: bool
) -> None:
    """Show each host: its state, when it was seen, its uptime, load, and its worker's version.

    States: online, offline (not seen for some minutes), left (it said goodbye), new (never seen).

    SOURCE is what measures there: iostat, or procfs, which is the worker itself where iostat is
    missing.
    """
    if ctx.invoked_subcommand:
        return
    setup = context.of(ctx)
    query: dict[str, object] = {"name": name, "state": state}
    # Ctrl-C is the usual end of what is renewed for ever.
    with contextlib.suppress(KeyboardInterrupt) if watch else contextlib.nullcontext():
        _show(setup, query, as_json=as_json)
        while watch:
            time.sleep(_RENEWAL)
            _show(setup, query, as_json=as_json, clear=sys.stdout.isatty() and not as_json)


@hosts.command()
@click.argument("name")
@common.talk
@context.setup
def add(setup: Setup, name: str) -> None:
    """Add a host. Only admins may. The worker is started there, under this name."""
    put = _change(setup, "PUT", name)
    # The answer to our own first try may be lost.
    before = put.status == 200 and put.tries == 1
    setup.screen.confirm(f"{name} is a host already" if before else f"{name} is a host now")


@hosts.command()
@click.argument("name")
@common.talk
@context.setup
def remove(setup: Setup, name: str) -> None:
    """Remove a host. Only admins may. Its windows end, and its worker stops."""
    _change(setup, "DELETE", name)
    setup.screen.confirm(f"{name} is removed")


def _show(setup: Setup, query: dict[str, object], *, as_json: bool, clear: bool = False) -> None:
    found = _listed(setup, query)
    text = show.document({"hosts": found}) if as_json else _table(found)
    setup.screen.put(f"{_CLEAR}{text}" if clear else text)


def _change(setup: Setup, method: str, name: str) -> Answer:
    try:
        return setup.users_api.ask(method, item("/v3/hosts/", name))
    except Problem as problem:
        raise _explained(setup, problem) from problem


def _listed(setup: Setup, query: dict[str, object]) -> list[dict[str, Any]]:
    try:
        return registry.every(setup.users_api, query)
    except Problem as problem:
        raise _explained(setup, problem) from problem


def _explained(setup: Setup, problem: Problem) -> Exception:
    if problem.status in (403, 404) and not setup.api.knows("/v3/hosts"):
        return Usage("This service is older than this command and has no hosts.")
    return problem


def _table(found: list[dict[str, Any]]) -> str:
    newest = max(_version(it) for it in (__version__, *(host.get("version") for host in found)))
    rows = []
    for host in found:
        old = host.get("version") and _version(host["version"]) < newest
        rows.append(
            (
                host["host"],
                host["state"],
                f"{times.ago(host['seen_at'])} ago" if host.get("seen_at") else None,
                _up(host.get("uptime") or ""),
                " ".join(f"{it:.2f}" for it in host.get("load") or ()),
                host.get("source"),
                f"{host['version']} (old)" if old else host.get("version"),
            )
        )
    text = show.table("NAME STATE SEEN UPTIME LOAD SOURCE VERSION", rows)
    problems = [f"{it['host']}: {it['problem']}\n" for it in found if it.get("problem")]
    return text + "".join(problems)


def _up(line: str) -> str:
    """Give how long a host is up, of the line that uptime has printed there."""
    up = _UP.search(line)
    return " ".join((up[1] if up else line).split())


def _version(text: str | None) -> tuple[int, ...]:
    return tuple(int(it) for it in (text or "").split(".") if it.isdigit())
