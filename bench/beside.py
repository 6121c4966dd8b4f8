"""hoststat beside what people would use instead, by the same requests in the same run."""

import contextlib
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import measures, moto, stacks
from bench.driver import Client
from bench.stacks import Stack
from chalicelib.windows import Window

#: Rounds, in each of which every stack has its turn: of what is short, and of what is long.
_ROUNDS, _LONG_ROUNDS = 7, 2
#: Windows of 2 s, and the look at one that asks how it stands and for none of its reports.
_WINDOW, _LASTS, _QUERY, _LOOK = Window(3, 1), 2, "?count=3&wait=1", "?since=3"
_FEW, _MANY = 100, 1000
#: The workshop's worker runs as many as it has processes, two: it is asked for less.
_FEWER = 20
#: Seconds of the window that is followed, and how: to its end, or report by report.
_FOLLOWED = 30

#: The figures of each round, by what is measured and of which stack.
Figures = dict[str, dict[str, list[float]]]


def main() -> None:
    """Print a table, and a line of JSON."""
    figures: Figures = defaultdict(lambda: defaultdict(list))
    with contextlib.ExitStack() as begun:
        found = list(_begin(begun))
        moto.enter(found[0])
        for turn in range(_ROUNDS + 1):
            _say(f"one at a time, round {turn} of {_ROUNDS}")
            for stack in found:
                _latencies(stack, figures)
            if turn == 0:
                # It was to warm up.
                figures.clear()
        for turn in range(_LONG_ROUNDS):
            _say(f"all at once, round {turn + 1} of {_LONG_ROUNDS}")
            for stack in found:
                figures["tasks/s"][stack.name].append(measures.tasks_per_second(stack))
        _say("memory")
        for stack in found:
            if stack.name != "workshop":
                figures["MiB a window"][stack.name].append(measures.memory(stack, _FEW))
        _say("following a window")
        _follow(found, figures)
        for turn in range(_LONG_ROUNDS):
            _say(f"windows at once, round {turn + 1} of {_LONG_ROUNDS}")
            for stack in found:
                _windows(stack, _FEWER if stack.name == "workshop" else _FEW, figures)
        for turn in range(_LONG_ROUNDS):
            _say(f"{_MANY} windows at once, round {turn + 1} of {_LONG_ROUNDS}")
            for stack in found:
                if stack.name != "workshop":
                    _windows(stack, _MANY, figures)
    _say("")
    _print({name: _medians(row) for name, row in figures.items()})


def _begin(begun: contextlib.ExitStack) -> Iterator[Stack]:
    for make in (stacks.hoststat, stacks.workshop, stacks.strongest):
        _say(f"starting {make.__name__}")
        folder = Path(begun.enter_context(tempfile.TemporaryDirectory()))
        try:
            stack = begun.enter_context(make(folder))
        except FileNotFoundError as missing:
            print(f"{make.__name__} is left out: {missing}", file=sys.stderr)
        else:
            client = Client(stack.port)
            client.follow(client.create())
            yield stack


def _latencies(stack: Stack, figures: Figures) -> None:
    figures["uptime, ms"][stack.name].append(measures.uptime(stack))
    ours = stack.name == "hoststat"
    busy = moto.busy(stack) if ours else 0
    latency = measures.create_to_done(stack)
    figures["create, ms"][stack.name].append(latency.create)
    figures["create to done, ms"][stack.name].append(latency.done)
    if ours:
        taken = 1000 * (moto.busy(stack) - busy) / measures.TASKS
        figures["  of which moto"][stack.name].append(taken)
    client = Client(stack.port)
    waiting = client.create("?count=2&wait=1")
    figures["poll, ms"][stack.name].append(measures.poll(stack, waiting))
    if ours:
        one = moto.get_item(waiting.rpartition("/")[2])
        figures["  of which a GetItem"][stack.name].append(one)
    client.follow(waiting, pause=0.1)


def _follow(found: list[Stack], figures: Figures) -> None:
    """One window each, at the same time: who cannot hold an answer is asked every second."""
    ours, peers = found[0], found[1:]

    def hold() -> int:
        return measures.requests_to_follow(ours, _FOLLOWED, "?timeout=20", 0)

    with ThreadPoolExecutor(len(found)) as pool:
        held = pool.submit(hold)
        asked = [pool.submit(measures.requests_to_follow, it, _FOLLOWED, "", 1) for it in peers]
    row = figures[f"requests to follow {_FOLLOWED} s"]
    row[ours.name].append(held.result())
    for stack, looks in zip(peers, asked, strict=True):
        row[stack.name].append(looks.result())


def _windows(stack: Stack, windows: int, figures: Figures) -> None:
    ours = stack.name == "hoststat"
    busy = moto.busy(stack) if ours else 0
    load = measures.at_once(stack, windows, _QUERY, _LOOK)
    figures[f"{windows} windows of {_LASTS} s, s"][stack.name].append(load.seconds)
    if ours:
        figures[f"  {windows}: of which moto"][stack.name].append(moto.busy(stack) - busy)
        calls = moto.alone(windows, _WINDOW, load.looks)
        figures[f"  {windows}: its calls alone"][stack.name].append(calls.seconds)


def _medians(row: dict[str, list[float]]) -> dict[str, float]:
    return {name: round(statistics.median(it), 2) for name, it in row.items()}


def _print(table: dict[str, dict[str, float]]) -> None:
    names = list(table["create, ms"])
    print(f"{'medians':<32}" + "".join(f"{name:>12}" for name in names))
    for what, row in table.items():
        print(f"{what:<32}" + "".join(f"{row.get(name, ''):>12}" for name in names))
    ratios = _ratios(table)
    print(f"\n{'ratios':<58}{'seen':>8}   wanted")
    for what, (seen, wanted) in ratios.items():
        print(f"{what:<58}{seen:>8.2f}   {wanted}")
    print(json.dumps({"bench": "beside", "medians": table, "ratios": ratios}))


def _ratios(table: dict[str, dict[str, float]]) -> dict[str, tuple[float, str]]:
    """What is seen, and what it is to be."""
    of = {what: row["hoststat"] for what, row in table.items() if "hoststat" in row}
    workshop = {what: row["workshop"] for what, row in table.items() if "workshop" in row}
    strongest = {what: row["strongest"] for what, row in table.items() if "strongest" in row}
    done, at_once = "create to done, ms", f"{_FEW} windows of {_LASTS} s, s"
    found = {
        "create to done: workshop / hoststat": (workshop[done] / of[done], "at least 30"),
        "tasks/s: hoststat / workshop": (of["tasks/s"] / workshop["tasks/s"], "at least 2"),
        f"{_FEW} windows: hoststat / ({_LASTS} s + its calls alone)": (
            of[at_once] / (_LASTS + of[f"  {_FEW}: its calls alone"]),
            "at most 1.25",
        ),
    }
    if strongest:
        left = of[done] - of["  of which moto"]
        over = of["poll, ms"] - of["  of which a GetItem"]
        found |= {
            "create to done: hoststat without moto / strongest": (
                left / strongest[done],
                "below 1",
            ),
            "uptime: hoststat / strongest": (
                of["uptime, ms"] / strongest["uptime, ms"],
                "at most 1",
            ),
            "poll: (hoststat - a GetItem) / strongest": (
                over / strongest["poll, ms"],
                "at most 1",
            ),
        }
    return {what: (round(seen, 2), wanted) for what, (seen, wanted) in found.items()}


def _say(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
