"""What all commands have in common: which service, who asks, and how much is told."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hoststat import profiles
from hoststat.api import Api, Site
from hoststat.errors import LoginNeeded, Usage
from hoststat.profiles import Profile
from hoststat.screen import Screen

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Setup:
    """The options that come before a command, and what follows from them."""

    def __init__(self) -> None:
        self.profile = self.password_file = self.cacert = ""
        self.insecure_http = self.verbose = False
        self.screen = Screen()
        self._api: Api | None = None

    @property
    def api(self) -> Api:
        """The service that is asked. Raises Usage, LoginNeeded."""
        if self._api is None:
            profile = profiles.choose(self.profile, os.environ, Path.cwd())
            self._api = Api(self.site(profile, self._password(profile)))
        return self._api

    @property
    def users_api(self) -> Api:
        """The service that is asked for what is behind its login. Raises Usage, LoginNeeded."""
        if not self.api.site.user:
            raise LoginNeeded(f"This needs a login: `hoststat login {self.api.site.url}`")
        return self.api

    @property
    def silent_api(self) -> Api | None:
        """The service, None if a password had to be typed, or got by a command, to ask it.

        Raises Usage, LoginNeeded.
        """
        profile = profiles.choose(self.profile, os.environ, Path.cwd())
        return Api(self.site(profile, profile.password)) if profile.password else None

    def site(self, profile: Profile, password: str) -> Site:
        """Give a profile's service, as the options allow it to be asked. Raises Usage."""
        profile = profile._replace(
            insecure_http=profile.insecure_http or self.insecure_http,
            cacert=self.cacert or profile.cacert,
        )
        profiles.check_url(profile)
        if profile.cacert and not Path(profile.cacert).is_file():
            raise Usage(f"There is no file {profile.cacert} for --cacert.")
        return Site(profile.url, profile.user, password, profile.cacert)

    def _password(self, profile: Profile) -> str:
        if not profile.user:
            return ""
        if self.password_file:
            return read_password(self.password_file)
        return profiles.password_of(profile) or ask_password(f"Password of {profile.user}")


def read_password(file: str) -> str:
    """Give the first line of a file, or of standard input for "-". Raises Usage."""
    try:
        with click.open_file(file, encoding="utf-8") as lines:
            password = str(lines.readline()).rstrip("\r\n")
    except (OSError, UnicodeError) as broken:
        raise Usage(f"The file of the password cannot be read: {broken}") from broken
    if not password:
        raise Usage(f"There is no password in {file}: its first line is empty.")
    return password


def ask_password(what: str, *, twice: bool = False, option: str = "--password-file") -> str:
    """Give the password that somebody types. Raises LoginNeeded where nobody can type.

    `option` names the file that would have it then.
    """
    if not sys.stdin.isatty():
        raise LoginNeeded(f"{what} is needed: {option} FILE, or - for standard input.")
    typed: str = click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
    return typed


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Give the callback that keeps the value of an option in the command's `Setup`."""

    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:
        setup = context.ensure_object(Setup)
        if name == "quiet":
            setup.screen.quiet = setup.screen.quiet or value
        elif value:
            setattr(setup, name, value)

    return keep


def talk(command: _Command) -> _Command:
    """Add the options that say how much is told, which work before a command and after it."""
    for name, said in (
        ("verbose", "Add the request's id to errors, for whoever reads the service's log."),
        ("quiet", "Tell errors only, and show no progress."),
    ):
        command = click.option(
            f"--{name}", is_flag=True, help=said, expose_value=False, callback=_keep(name)
        )(command)
    return command


def service(command: _Command) -> _Command:
    """Add the options that choose the service and the login."""
    for name, metavar, said in (
        ("password-file", "FILE", "Read your password from a file's first line; - is stdin."),
        ("cacert", "FILE", "Trust the certificates in this file."),
        ("profile", "NAME", "Use this profile (see `hoststat login --help`)."),
    ):
        key = name.replace("-", "_")
        command = click.option(
            f"--{name}", metavar=metavar, help=said, expose_value=False, callback=_keep(key)
        )(command)
    return click.option(
        "--insecure-http",
        is_flag=True,
        help="Allow plain HTTP beyond this machine. Others can read the password then.",
        expose_value=False,
        callback=_keep("insecure_http"),
    )(command)


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
setup = click.make_pass_decorator(Setup, ensure=True)
