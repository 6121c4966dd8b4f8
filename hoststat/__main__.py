"""The command line: which commands there are, and how each of them ends."""

import signal
import sys

import click

from hoststat import __version__, context, grammar, show
from hoststat.context import Setup
from hoststat.errors import DONE, Failed, Gone, Problem, Usage, told
from hoststat.hosts import hosts
from hoststat.iostat import iostat, watch
from hoststat.login import login
from hoststat.tasks import cancel, show_task, tasks
from hoststat.uptime import uptime
from hoststat.users import users

_SHELLS = ("bash", "zsh", "fish")


class _InOrder(click.Group):
    """A group whose help lists the commands as a newcomer needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_InOrder,
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
  1    a window failed, or the service refused something
  2    wrong usage, such as an unknown host
  3    some hosts did not answer; standard error names them
  4    a login is needed, or was refused
  5    the service cannot be reached
  130  Ctrl-C; 143 SIGTERM, 129 a closed terminal""",
)
@click.version_option(__version__, message="hoststat %(version)s")
@context.service
@context.talk
@context.setup
def cli(setup: Setup) -> None:
    """Show the uptime and the iostat of remote hosts, live, as if they were here.

    The result goes to standard output, everything else to standard error.
    """


@click.command(short_help="Tell whether the service works.")
@click.option("--deep", is_flag=True, help="Also ask its database, its queue and its workers.")
@context.as_json
@context.talk
@context.setup
def health(setup: Setup, deep: bool, as_json: bool) -> None:
    """Tell whether the service works: "ok", or an error that says what does not answer."""
    body = setup.api.get("/health", {"deep": deep}, final=[503]).body
    rows = [(name, it) for name, it in body.items() if name != "status"]
    text = f"{body['status']}\n" + show.facts(rows)
    setup.screen.put(show.document(body) if as_json else text)


@click.command(name="open", short_help="Open the service's page in a browser.")
@context.talk
@context.setup
def open_page(setup: Setup) -> None:
    """Print the address of the service's page, and open it in a browser on a terminal."""
    url = f"{setup.api.site.url}/page/"
    setup.screen.put(f"{url}\n")
    if sys.stdout.isatty():
        click.launch(url)


@click.command(short_help="Print what a shell needs to complete commands.")
@click.argument("shell", type=click.Choice(_SHELLS))
@context.setup
def completion(setup: Setup, shell: str) -> None:
    r"""Print a script that lets SHELL complete commands and options.

    \b
    bash:  eval "$(hoststat completion bash)"              in ~/.bashrc
    zsh:   eval "$(hoststat completion zsh)"               in ~/.zshrc
    fish:  hoststat completion fish > ~/.config/fish/completions/hoststat.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is not None:
        setup.screen.put(kind(cli, {}, "hoststat", "_HOSTSTAT_COMPLETE").source() + "\n")


for command in (
    login, hosts, uptime, iostat, watch, tasks, show_task, cancel, users, health, open_page,
    completion,
):  # fmt: skip
    cli.add_command(command)


def main() -> int:
    """Do what the command line says; give the exit code."""
    setup = Setup()
    try:
        code = cli.main(prog_name="hoststat", standalone_mode=False, obj=setup)
        return code if isinstance(code, int) else DONE
    except Gone:
        return 128 + signal.SIGPIPE
    except (click.Abort, KeyboardInterrupt):
        return 128 + signal.SIGINT
    except (click.ClickException, Problem, Failed, OSError) as error:
        failed = _failed(error)
        setup.screen.complain(told(failed, verbose=setup.verbose))
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
    return Failed(f"{error}.")


def _usage(wrong: click.ClickException) -> str:
    """Give one sentence that says what is wrong and where help is."""
    context = getattr(wrong, "ctx", None)
    path = context.command_path if context else "hoststat"
    if isinstance(wrong, click.NoSuchOption) and wrong.option_name in _before_commands():
        return f"{wrong.option_name} stands before the command: `hoststat --help` says how."
    if isinstance(wrong, click.NoSuchOption) and path == "hoststat iostat":
        return f"iostat's {wrong.option_name} is not offered; {grammar.OFFERED} are."
    said = wrong.format_message().rstrip(".")
    said += " " if said.endswith("?") else ": "
    return f"{said}`{path} --help` says what is possible."


def _before_commands() -> set[str]:
    """Give the options that hold for every command."""
    return {name for option in cli.params for name in option.opts}


if __name__ == "__main__":
    sys.exit(main())
