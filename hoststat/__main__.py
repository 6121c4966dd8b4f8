"""The command line: which commands there are, and how each of them ends."""

import signal
import sys
from importlib import import_module
from typing import NamedTuple

import click

from hoststat import __version__, common
from hoststat.common import Common
from hoststat.errors import DONE, Failed, Gone, Problem, Usage, reason, told


class _Place(NamedTuple):
    """Where a command is: the module, its name there, and what the help of all says of it."""

    module: str
    name: str
    help: str


#: The commands, as a newcomer needs them.
COMMANDS = {
    "login": _Place("login", "login", "Log in to a service, and use it from now on."),
    "hosts": _Place("hosts", "hosts", "Show the hosts; add and remove them."),
    "uptime": _Place("uptime", "uptime", "Show the uptime of hosts."),
    "iostat": _Place("iostat", "iostat", "Show iostat of hosts, line by line as it comes."),
    "watch": _Place("iostat", "watch", "Follow a task or a group from its first report on."),
    "tasks": _Place("tasks", "tasks", "List tasks (windows), the newest first."),
    "show": _Place("tasks", "show_task", "Show a task: its state, its times and its reports."),
    "cancel": _Place("tasks", "cancel", "Stop tasks or groups; what was measured is kept."),
    "users": _Place("users", "users", "Show the users; add, change and remove them."),
    "health": _Place("service", "health", "Tell whether the service works."),
    "open": _Place("service", "open_page", "Open the service's page in a browser."),
    "completion": _Place("completion", "completion", "Print what lets a shell complete commands."),
}


class _Commands(click.Group):
    """The commands, each imported when it is used: the help of all needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        found: click.Command = getattr(import_module(f"hoststat.{place.module}"), place.name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.help) for name, place in COMMANDS.items()])


@click.group(
    cls=_Commands,
    epilog="""\b
Examples:
  hoststat login https://hoststat.example.com
  hoststat hosts
  hoststat iostat web-1 1 30
  hoststat iostat 'web-*' 1 10 --csv > ten-seconds.csv
  hoststat tasks --state STARTED     then: hoststat cancel ID
  hoststat users add jluser

`hoststat COMMAND --help` says more, with examples.

\b
Exit codes:
  0    done; also Ctrl-C where iostat had no COUNT
  1    a window failed or was cancelled, or the service refused something
  2    wrong usage, such as an unknown host
  3    some hosts did not answer; standard error names them
  4    a login is needed, or was refused
  5    the service cannot be reached
  130  Ctrl-C; 143 SIGTERM, 129 a closed terminal""",
)
@click.version_option(__version__, message="hoststat %(version)s")
@common.service
@common.talk
def cli() -> None:
    """Show the uptime and the iostat of remote hosts, live, as if they were here.

    The result goes to standard output, everything else to standard error.
    """


def main() -> int:
    """Do what the command line says; give the exit code."""
    given = Common()
    try:
        code = cli.main(prog_name="hoststat", standalone_mode=False, obj=given)
        return code if isinstance(code, int) else DONE
    except Gone:
        return 128 + signal.SIGPIPE
    except (click.Abort, KeyboardInterrupt):
        return 128 + signal.SIGINT
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message(), err=True)
        return Usage.code
    except (click.ClickException, Problem, Failed, OSError) as error:
        failed = _failed(error)
        given.screen.complain(told(failed, verbose=given.verbose))
        return failed.code


def _failed(error: Exception) -> Failed:
    if isinstance(error, Failed):
        return error
    if isinstance(error, Problem):
        failed = error.failed()
        failed.__cause__ = error
        return failed
    if isinstance(error, click.ClickException):
        return Usage(_usage(error))
    return Failed(f"{reason(error)}.")


def _usage(wrong: click.ClickException) -> str:
    """Give one sentence that says what is wrong and where help is."""
    context = getattr(wrong, "ctx", None)
    path = context.command_path if context else "hoststat"
    if isinstance(wrong, click.NoSuchOption) and wrong.option_name in _before_commands():
        return f"{wrong.option_name} stands before the command: `hoststat --help` says how."
    if isinstance(wrong, click.NoSuchOption) and path == "hoststat iostat":
        from hoststat import grammar

        return f"iostat's {wrong.option_name} is not offered; {grammar.OFFERED} are."
    said = wrong.format_message().rstrip(".")
    said += " " if said.endswith("?") else ": "
    return f"{said}`{path} --help` says what is possible."


def _before_commands() -> set[str]:
    """Give the options that hold for every command."""
    return {name for option in cli.params for name in option.opts}


if __name__ == "__main__":
    sys.exit(main())
