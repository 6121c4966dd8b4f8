"""What follows from the options of all commands: the service that is asked, and the login."""

import os
import sys
from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

from hoststat import profiles
from hoststat.api import Api
from hoststat.common import Common
from hoststat.errors import LoginNeeded, Usage, reason
from hoststat.exchange import Site
from hoststat.profiles import Profile


class Setup:
    """The service that a command asks, and as whom."""

    def __init__(self, common: Common) -> None:
        self.common, self.screen = common, common.screen
        self._api: Api | None = None

    @property
    def api(self) -> Api:
        """The service that is asked. Raises Usage, LoginNeeded."""
        if self._api is None:
            profile = profiles.choose(self.common.profile, os.environ, Path.cwd())
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
        profile = profiles.choose(self.common.profile, os.environ, Path.cwd())
        return Api(self.site(profile, profile.password)) if profile.password else None

    def site(self, profile: Profile, password: str) -> Site:
        """Give a profile's service, as the options allow it to be asked. Raises Usage."""
        profile = profile._replace(
            insecure_http=profile.insecure_http or self.common.insecure_http,
            cacert=self.common.cacert or profile.cacert,
        )
        profiles.check_url(profile)
        if profile.cacert and not Path(profile.cacert).is_file():
            raise Usage(f"There is no file {profile.cacert} for --cacert.")
        file = self.common.password_file
        return Site(profile.url, profile.user, password, profile.cacert, file)

    def _password(self, profile: Profile) -> str:
        if not profile.user:
            return ""
        if self.common.password_file:
            return read_password(self.common.password_file)
        return profiles.password_of(profile) or ask_password(f"Password of {profile.user}")


def read_password(file: str) -> str:
    """Give the first line of a file, or of standard input for "-". Raises Usage."""
    try:
        with click.open_file(file, encoding="utf-8") as lines:
            password = str(lines.readline()).rstrip("\r\n")
    except (OSError, UnicodeError) as broken:
        raise Usage(f"The password file {file} cannot be read: {reason(broken)}.") from broken
    if not password:
        raise Usage(f"There is no password in {file}: its first line is empty.")
    return password


def ask_password(what: str, *, twice: bool = False, option: str = "--password-file") -> str:
    """Give the password that somebody types; a new one is typed `twice`.

    `option` names the file that has it where nobody can type. Raises LoginNeeded then, or Usage
    for a new one.
    """
    if not sys.stdin.isatty():
        wrong = Usage if twice else LoginNeeded
        raise wrong(f"{what} is needed: {option} FILE, or - for standard input.")
    typed: str = click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
    return typed


def of(ctx: click.Context) -> Setup:
    """Give the setup of a command."""
    return Setup(ctx.ensure_object(Common))


def setup(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command have its setup as the first argument."""

    @click.pass_context
    def call(ctx: click.Context, *args: Any, **given: Any) -> Any:
        return command(of(ctx), *args, **given)

    return update_wrapper(call, command)
