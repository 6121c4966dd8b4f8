"""``hoststat users``: who may log in."""

from typing import Any

import click

from hoststat import common, context, show
from hoststat.api import item
from hoststat.context import Setup
from hoststat.errors import Problem, Usage

_PAGE = 1000


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  hoststat users
  hoststat users add jluser --fullname 'J. Random Luser'
  pwgen 20 1 | hoststat users add jluser --new-password-file -
  hoststat users set jluser --admin
  hoststat users remove jluser""",
)
@common.as_json
@common.talk
@click.pass_context
def users(ctx: click.Context, as_json: bool) -> None:
    """Show who may log in. Only admins may add, change and remove users."""
    if ctx.invoked_subcommand:
        return
    setup = context.of(ctx)
    api = setup.users_api
    found: list[dict[str, Any]] = []
    path: str | None = "/v3/users/"
    query: dict[str, object] | None = {"detail": 1, "limit": _PAGE}
    while path:
        answer = api.get(path, query)
        found += answer.body["users"]
        path, query = api.next_path(answer), None
    rows = [(it["username"], it["fullname"], "yes" if it["admin"] else "no") for it in found]
    table = show.table("NAME FULLNAME ADMIN", rows)
    setup.screen.put(show.document({"users": found}) if as_json else table)


#: Not --password-file: that has the password of whoever asks.
_FILE_OPTION = "--new-password-file"
_password = click.option(
    _FILE_OPTION,
    "new_password",
    metavar="FILE",
    help="Read the new password from a file's first line; - is stdin.",
)


@users.command()
@click.argument("name")
@click.option("--fullname", help="The name of the person; the username if it is not given.")
@click.option("--admin", is_flag=True, help="Let this user change users and hosts.")
@_password
@common.talk
@context.setup
def add(
    setup: Setup, name: str, fullname: str | None, admin: bool, new_password: str | None
) -> None:
    """Add a user. Only admins may.

    The password is asked for, twice, or read from a file: at least 8 characters.
    """
    api = setup.users_api
    fields: dict[str, Any]
    fields = {"username": name, "fullname": fullname or name, "admin": admin}
    fields["password"] = _new_password(name, new_password)
    try:
        api.ask("POST", "/v3/users/", body=fields)
    except Problem as problem:
        # The answer to our own first try may be lost: then the user is there, as we made it.
        if not (problem.status == 409 and problem.tries > 1 and _is_there(setup, fields)):
            raise
    setup.screen.confirm(f"{name} is a user now")


@users.command(name="set")
@click.argument("name")
@click.option("--rename", metavar="NEW", help="Give the user another name.")
@click.option("--fullname", help="The name of the person.")
@click.option("--admin/--no-admin", default=None, help="Whether the user may change users.")
@click.option("--password", "typed", is_flag=True, help="Ask for a new password, twice.")
@_password
@common.talk
@context.setup
def change(
    setup: Setup,
    name: str,
    rename: str | None,
    fullname: str | None,
    admin: bool | None,
    typed: bool,
    new_password: str | None,
) -> None:
    """Change a user: only what is given. Only admins may."""
    fields: dict[str, Any] = {"username": rename, "fullname": fullname, "admin": admin}
    fields = {key: it for key, it in fields.items() if it is not None}
    api = setup.users_api
    if typed or new_password:
        fields["password"] = _new_password(name, new_password)
    if not fields:
        raise Usage("Say what to change: --rename, --fullname, --admin, --no-admin or --password.")
    api.ask("PATCH", item("/v3/users/", name), body=fields)
    setup.screen.confirm(f"{rename or name} is changed")


@users.command()
@click.argument("name")
@common.talk
@context.setup
def remove(setup: Setup, name: str) -> None:
    """Remove a user, who is refused from then on. Only admins may."""
    setup.users_api.ask("DELETE", item("/v3/users/", name))
    setup.screen.confirm(f"{name} is removed")


def _is_there(setup: Setup, fields: dict[str, Any]) -> bool:
    found = setup.users_api.get(item("/v3/users/", fields["username"])).body
    return all(found[name] == fields[name] for name in ("fullname", "admin"))


def _new_password(name: str, file: str | None) -> str:
    if file:
        return context.read_password(file)
    return context.ask_password(f"New password of {name}", twice=True, option=_FILE_OPTION)
