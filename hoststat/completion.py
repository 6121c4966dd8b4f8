"""``hoststat completion``, and what it completes besides commands and options: names of hosts."""

import click

from hoststat import context
from hoststat.errors import Failed, Problem

_SHELLS = ("bash", "zsh", "fish")
#: The most names that a shell is given.
_MOST = 100


def hosts(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Give the names of hosts that begin so, none if they cannot be had at once."""
    try:
        api = context.of(ctx).silent_api
        query = {"name": f"{begun}*", "limit": _MOST}
        found = api.get("/v3/hosts/", query, patience=0).body["hosts"] if api else []
    except (Problem, Failed):
        # A shell shows nothing of it, and the command itself will say what is wrong.
        return []
    return [str(it) for it in found]


@click.command(
    epilog="""\b
Where it goes:
  bash   eval "$(hoststat completion bash)"     in ~/.bashrc
  zsh    eval "$(hoststat completion zsh)"      in ~/.zshrc
  fish   hoststat completion fish > ~/.config/fish/completions/hoststat.fish"""
)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script that lets a shell complete commands, options and names of hosts."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is not None:
        root = ctx.find_root().command
        script = kind(root, {}, "hoststat", "_HOSTSTAT_COMPLETE").source()
        context.of(ctx).screen.put(f"{script}\n")
