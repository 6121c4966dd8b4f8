"""``hoststat uptime``: the uptime of hosts, or of the service."""

import uuid

import click

from hoststat import common, completion, context, show, windows
from hoststat.api import Api, item
from hoststat.context import Setup
from hoststat.errors import Problem
from hoststat.follow import follow
from hoststat.grammar import Asked
from hoststat.looks import Work
from hoststat.reports import Lines, Shape, Text

#: Seconds that an answer of a host may be held, and that several hosts have to begin.
_HOLD, _START = 29, 5
#: The least that a service lets a host have.
_LEAST_START = 30


@click.command(
    epilog="""\b
Examples:
  hoststat uptime                the service's own uptime
  hoststat uptime web-1          that of a host, asked now
  hoststat uptime web-1 'db-*'   one line for each host
  hoststat uptime '*'            every host""",
)
@click.argument("hosts", nargs=-1, metavar="[HOST]...", shell_complete=completion.hosts)
@common.as_json
@common.talk
@context.setup
def uptime(setup: Setup, hosts: tuple[str, ...], as_json: bool) -> int:
    """Show what uptime prints on each HOST: a name, or a pattern in quotes such as 'web-*'.

    Without HOST it is the uptime of the machine that the service runs on.
    """
    asked = Asked(hosts, None, 1)
    api = setup.users_api if hosts else setup.api
    if asked.several:
        writer = (Lines if as_json else Text)(setup.screen, Shape(several=True))
        return follow(api, setup.screen, writer, lambda: _begin(api, asked))
    query = {"detail": as_json, "host": hosts[0] if hosts else None}
    try:
        body = api.get(f"/{api.version}/uptime/", query, hold=_HOLD, final=[504]).body
    except Problem as problem:
        raise windows.explained(api, asked, problem) from problem
    found = (
        {"host": hosts[0], **{k: it for k, it in body.items() if k != "host"}} if hosts else body
    )
    setup.screen.put(show.document(found) if as_json else f"{body['uptime']}\n")
    return 0


def _begin(api: Api, asked: Asked) -> Work:
    body = {"hosts": list(asked.hosts), "what": "uptime", "start_within": _LEAST_START}
    try:
        made = api.ask("POST", "/v3/group/", body=body, key=str(uuid.uuid4())).body["group_id"]
    except Problem as problem:
        raise windows.explained(api, asked, problem) from problem
    return Work(item("/v3/group/", made), made, asked.name, start_within=_START, impatient=True)
