"""The options that all commands have: which service, who asks, and how much is told.

The help needs nothing else, so this imports nothing that asks a service.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from hoststat.screen import Screen

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Common:
    """What the command line says of them."""

    def __init__(self) -> None:
        self.profile = self.password_file = self.cacert = ""
        self.insecure_http = self.verbose = False
        self.screen = Screen()


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Give the callback that keeps the value of an option in the command's `Common`."""

    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:
        common = context.ensure_object(Common)
        if name == "quiet":
            common.screen.quiet = common.screen.quiet or value
        elif value:
            setattr(common, name, value)

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
