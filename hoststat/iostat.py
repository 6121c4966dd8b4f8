"""``hoststat iostat`` and ``hoststat watch``: windows, live."""

from typing import Any

import click

from hoststat import common, completion, context, grammar, windows
from hoststat.context import Setup
from hoststat.errors import Usage
from hoststat.follow import follow
from hoststat.reports import Csv, Lines, Shape, Text, Writer


def shaped(command: Any) -> Any:
    """Add the options that say how reports are shown."""
    command = common.talk(command)
    for name, said in (
        ("--csv", "Print CSV: a row for each device and report, below one row of names."),
        ("--json", "Print JSON lines: one for each report, as it comes."),
    ):
        command = click.option(name, f"as_{name[2:]}", is_flag=True, help=said)(command)
    command = click.option("-t", "timed", is_flag=True, help="Print the time of each report.")(
        command
    )
    return click.option(
        "-y", "skip_boot", is_flag=True, help="Leave out the first report, the average since boot."
    )(command)


@click.command(
    epilog="""\b
Examples:
  hoststat iostat web-1              one report, the average since boot
  hoststat iostat web-1 1 30         30 reports, one each second, the first since boot
  hoststat iostat web-1 5            a report every 5 s until Ctrl-C
  hoststat iostat 'web-*' db-1 5 12 -y
                                     several hosts, without the since-boot reports
  hoststat iostat web-1 db-1 1 10 --csv > ten.csv
  hoststat iostat web-1 60 480 --detach
                                     prints an id; `hoststat watch ID` follows it""",
)
@click.argument(
    "words",
    nargs=-1,
    metavar="[HOST]... [INTERVAL [COUNT]]",
    shell_complete=completion.hosts,
)
@click.option("-x", "extended", is_flag=True, help="Show iostat's extended columns.")
@click.option("-c", "cpu", is_flag=True, help="Show the use of processors, too.")
@click.option("-d", is_flag=True, expose_value=False, help="Show devices (as it does anyway).")
@shaped
@click.option("--detach", is_flag=True, help="Print the task's id and leave; it goes on there.")
@click.option(
    "--start-within",
    type=click.IntRange(30, 14 * 86_400),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="Give up on a host that has not begun by then.",
)
@context.setup
def iostat(
    setup: Setup,
    words: tuple[str, ...],
    extended: bool,
    cpu: bool,
    skip_boot: bool,
    timed: bool,
    as_json: bool,
    as_csv: bool,
    detach: bool,
    start_within: int,
) -> int:
    """Show what iostat prints on HOST (a name, or a pattern in quotes such as 'web-*'), live.

    INTERVAL is in seconds, COUNT is the number of reports. As with iostat, the first report is the
    average since boot: `1 10` is that one and nine of a second each. With -y it is left out, and
    `-y 1 10` is ten of a second each. Without HOST, the service measures where its worker runs.

    Without COUNT it goes on until Ctrl-C, or until there are as many reports as the service takes:
    10,000, or fewer. `hoststat tasks` shows that number as its COUNT.

    Ctrl-C stops iostat over there, too, and keeps what was measured. A second Ctrl-C leaves at once
    and lets it run on; `hoststat watch ID` picks it up again.

    `hoststat --help` lists the exit codes.
    """
    asked = grammar.read(words)
    if skip_boot and asked.interval is not None and asked.count is not None:
        asked = asked._replace(count=asked.count + 1)
    skip_boot = skip_boot and asked.interval is not None
    if detach and asked.count is None:
        raise Usage("--detach needs a COUNT: nobody would end the window.")
    api = setup.users_api if asked.hosts else setup.api
    options = windows.Options(extended=extended, cpu=cpu, start_within=start_within)
    if detach:
        setup.screen.put(f"{windows.begin(api, asked, options).id}\n")
        return 0
    if not asked.hosts and asked.count is None:
        setup.screen.remark("without HOST this is the service's own machine, until Ctrl-C.")
    shape = Shape(several=asked.several, skip_boot=skip_boot, timed=timed)
    writer = _writer(setup, shape, as_json=as_json, as_csv=as_csv)
    return follow(api, setup.screen, writer, lambda: windows.begin(api, asked, options))


@click.command(
    epilog="""\b
Examples:
  hoststat watch ID
  hoststat watch ID --csv > all.csv""",
)
@click.argument("task_id", metavar="ID")
@shaped
@context.setup
def watch(
    setup: Setup, task_id: str, skip_boot: bool, timed: bool, as_json: bool, as_csv: bool
) -> int:
    """Show all reports of a window, also of one that somebody else has begun or that has ended.

    Ctrl-C ends the watching alone; `hoststat cancel ID` stops the window.
    """
    work = windows.find(setup.api, task_id)
    shape = Shape(several=work.is_group, skip_boot=skip_boot, timed=timed)
    writer = _writer(setup, shape, as_json=as_json, as_csv=as_csv)
    return follow(setup.api, setup.screen, writer, lambda: work, owned=False)


def _writer(setup: Setup, shape: Shape, *, as_json: bool, as_csv: bool) -> Writer:
    if as_json and as_csv:
        raise Usage("Choose one of --json and --csv.")
    kind = Lines if as_json else Csv if as_csv else Text
    return kind(setup.screen, shape)
