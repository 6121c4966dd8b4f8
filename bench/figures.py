"""The figures of `bench.beside`: their names, their table, and the ratios that are wanted."""

import json
import statistics

from chalicelib.measure.model import Window

#: The window that is measured.
WINDOW = Window(3, 1)
#: How many windows at once.
FEW, MANY = 100, 1000
#: Tasks that are stored beside those that are measured.
STORED = 5000

UPTIME, FIRST = "uptime, ms", "  the first in a second, ms"
DONE, POLL = "create to done, ms", "poll, ms"
BURST = "tasks/s, in a burst"
CLOUD = "  processor: cloud, ms a task in a burst"
#: The ways to run hoststat that are compared with each other.
NEW, FULL, DURABLE = "nothing stored", f"{STORED} tasks stored", "with DATA"

#: The figures of all rounds, in their order, by what was measured and by stack.
Figures = dict[str, dict[str, list[float]]]


def at_once(windows: int) -> str:
    """Give the name of the time that so many windows take at once."""
    return f"{windows} windows of {WINDOW.seconds} s, s"


#: What is compared between the ways.
COMPARED = (DONE, POLL, BURST, at_once(FEW))


def show(figures: Figures) -> None:
    """Print the table of the medians, the ratios, and a line of JSON."""
    table = {name: _medians(row) for name, row in figures.items()}
    names = list(table["create, ms"])
    print(f"{'medians':<32}" + "".join(f"{name:>12}" for name in names))
    for what, row in table.items():
        print(f"{what:<32}" + "".join(f"{row.get(name, ''):>12}" for name in names))
    ratios = _ratios(figures)
    print(f"\n{'ratios':<58}{'seen':>8}   wanted")
    for what, (seen, wanted) in ratios.items():
        print(f"{what:<58}{seen:>8.2f}   {wanted}")
    print(json.dumps({"bench": "beside", "medians": table, "ratios": ratios}))


def _medians(row: dict[str, list[float]]) -> dict[str, float]:
    return {name: round(statistics.median(it), 2) for name, it in row.items()}


def _ratios(figures: Figures) -> dict[str, tuple[float, str]]:
    """Give the ratios of the stacks that were measured, each with the ratio that is wanted."""
    cloud = statistics.median(figures[CLOUD]["hoststat"])
    found = {"cloud, ms of the processor for a task in a burst": (cloud, "at most 3")}
    for peer, what, wanted in (
        ("workshop", BURST, "at least 5"),
        ("strongest", BURST, "at least 1"),
        ("strongest", DONE, "at most 1"),
        ("strongest", POLL, "at most 1.3"),
        ("strongest", UPTIME, "at most 0.8"),
        ("strongest", FIRST, "(no goal)"),
        ("strongest", at_once(FEW), "at most 1.1"),
        ("strongest", at_once(MANY), "at most 1.5"),
    ):
        if peer in figures[what]:
            seen = ratio(figures[what]["hoststat"], figures[what][peer])
            found[f"{what}: hoststat / {peer}"] = (seen, wanted)
    for how, much in ((FULL, 0.1), (DURABLE, 0.25)):
        for what in COMPARED:
            wanted = f"at least {1 - much:g}" if what == BURST else f"at most {1 + much:g}"
            ours = (figures[f"{what}, {way}"]["hoststat"] for way in (how, NEW))
            found[f"{what}: {how} / {NEW}"] = (ratio(*ours), wanted)
    return {what: (round(seen, 2), wanted) for what, (seen, wanted) in found.items()}


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Give the median of the ratios of each round.

    The machine may be twice as fast in one round as in another, but not within one: there both
    were measured one right after the other.
    """
    return statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
