"""``hoststat health`` and ``hoststat open``: the service itself."""

import sys

import click

from hoststat import common, context, show
from hoststat.context import Setup


@click.command()
@click.option("--deep", is_flag=True, help="Also ask its database, its queue and its workers.")
@common.as_json
@common.talk
@context.setup
def health(setup: Setup, deep: bool, as_json: bool) -> None:
    """Tell whether the service works: "ok", or an error that says what does not answer."""
    body = setup.api.get("/health", {"deep": deep}, final=[503]).body
    rows = [(name, it) for name, it in body.items() if name != "status"]
    text = f"{body['status']}\n" + show.facts(rows)
    setup.screen.put(show.document(body) if as_json else text)


@click.command(name="open")
@common.talk
@context.setup
def open_page(setup: Setup) -> None:
    """Print the address of the service's page, and open it in a browser on a terminal."""
    url = f"{setup.api.site.url}/page/"
    setup.screen.put(f"{url}\n")
    if sys.stdout.isatty():
        click.launch(url)
