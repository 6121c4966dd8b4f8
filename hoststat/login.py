"""``hoststat login``: tries a name and a password, and keeps them."""

import os
import sys

import click

from hoststat import common, context, profiles
from hoststat.api import Api, item
from hoststat.context import Setup
from hoststat.errors import Failed, LoginNeeded, Problem, Unreachable, Usage, reason
from hoststat.profiles import Kept, Profile


@click.command(
    epilog="""\b
Examples:
  hoststat login https://abc123.execute-api.eu-central-1.amazonaws.com/api
  hoststat --profile prod login https://hoststat.example.com --user ops
  pass show hoststat | hoststat login URL --user ops --password-file -
  hoststat login URL --user ops --credential-command 'pass show hoststat'""",
)
@click.argument("url")
@click.option("--user", metavar="NAME", help="The name; without it, it is asked for.")
@click.option(
    "--credential-command",
    metavar="COMMAND",
    default="",
    help="Keep this command, which prints the password, instead of the password.",
)
@common.service
@common.talk
@context.setup
def login(setup: Setup, url: str, user: str | None, credential_command: str) -> None:
    """Try a name and a password at the service at URL, and keep them in a profile.

    The profile is named `default`. Several services have several profiles:
    `hoststat --profile NAME login URL`. The one that was logged in to last is used, unless
    --profile or HOSTSTAT_URL (and HOSTSTAT_USER) say something else. While there is none, a
    checkout uses the profile `local`, which `make service` writes there.

    The profiles are in a file that only you can read: ~/.config/hoststat/profiles.toml, or
    ~/Library/Application Support/hoststat/profiles.toml on a Mac. It lists them. To log out, delete
    the lines of a profile there, or the file.
    """
    profile = Profile(
        url.rstrip("/"),
        credential_command=credential_command,
        cacert=os.path.abspath(setup.common.cacert) if setup.common.cacert else "",
        insecure_http=setup.common.insecure_http,
    )
    setup.site(profile, "")
    name = user or os.environ.get("HOSTSTAT_USER") or _ask_name()
    profile = profile._replace(user=name)
    if setup.common.password_file:
        password = context.read_password(setup.common.password_file)
    elif credential_command:
        password = profiles.password_of(profile)
    else:
        password = context.ask_password(f"Password of {name}")
    _try(Api(setup.site(profile, password)), name)
    if not credential_command:
        profile = profile._replace(password=password)
    kept_as = setup.common.profile or profiles.DEFAULT
    before = _keep(kept_as, profile)
    setup.screen.confirm(f"{name} is logged in to {profile.url}")
    if before not in ("", kept_as):
        other = f"`hoststat --profile {before}` uses {before}"
        setup.screen.confirm(f"The profile {kept_as} is used from now on; {other}.")


def _ask_name() -> str:
    if not sys.stdin.isatty():
        raise Usage("The name is needed: --user NAME, or HOSTSTAT_USER.")
    typed: str = click.prompt("Name", err=True)
    return typed


def _try(api: Api, name: str) -> None:
    """Raise what stands in the way of this login."""
    url = api.site.url
    try:
        health = api.get("/health").body
    except Problem as problem:
        raise Usage(f"There is no hoststat at {url}: is the path whole, such as /api?") from problem
    if "status" not in health:
        raise Unreachable(f"{url} answers, but it is no hoststat.")
    try:
        api.get(item("/v3/users/", name))
    except Problem as problem:
        if problem.status == 401:
            raise LoginNeeded(
                f"{url} refuses this name or password; nothing is kept. Try again; an admin sets a "
                f"new password by `hoststat users set {name} --password`."
            ) from problem
        raise


def _keep(name: str, profile: Profile) -> str:
    """Keep a profile, which is used from now on; give the name of the one used so far, or ""."""
    file = profiles.path()
    kept = profiles.load(file)
    try:
        profiles.save(file, Kept({**kept.profiles, name: profile}, name))
    except OSError as broken:
        raise Failed(f"{file} cannot be written: {reason(broken)}.") from broken
    return kept.current if kept.current in kept.profiles else ""
