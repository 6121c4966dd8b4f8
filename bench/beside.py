"""hoststat and what people would use instead, compared by the same requests in the same run."""

import contextlib
import json
import shutil
import signal
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import measures, share, stacks
from bench.driver import Client
from bench.stacks import Stack
from chalicelib.measure.model import Window

#: Rounds of short and of long measurements. In each round every stack is measured once.
_ROUNDS, _LONG_ROUNDS = 7, 2
#: The window that is measured, how long it lasts, its query when it is created, and the query of a
#: look that asks for its state and for none of its reports.
_WINDOW = Window(3, 1)
_LASTS = _WINDOW.seconds
_QUERY = f"?count={_WINDOW.count}&wait={_WINDOW.wait}"
_STANDS = f"?since={_WINDOW.count}"
#: How many windows at once. The workshop gets fewer, because its worker runs only one window in
#: each of its processes.
_FEW, _MANY, _FEWER = 100, 1000, 20
#: Tasks that are stored for the second measurement of hoststat, and reports of each.
_STORED, _REPORTS = 5000, 2
#: Seconds of the window that is followed.
_FOLLOWED = 30

#: The name of a figure.
_BURST = "  processor: cloud, ms a task in a burst"
#: The ways to run hoststat that are compared with each other, in so many rounds, and by what.
_NEW, _FULL, _DURABLE = "nothing stored", f"{_STORED} tasks stored", "with DATA"
_WAYS_ROUNDS = 5
_ALSO = (
    "create to done, ms",
    "poll, ms",
    "tasks/s, in a burst",
    f"{_FEW} windows of {_LASTS} s, s",
)

#: The figures of all rounds, by what was measured and by stack.
Figures = dict[str, dict[str, list[float]]]
Measure = Callable[[Stack, Figures], None]


def main() -> None:
    """Print a table, and a line of JSON."""
    if shutil.which("iostat") is None:
        sys.exit("bench: The other stacks call iostat, of sysstat, and there is none.")
    # Exit as usual on SIGTERM, so that the stacks are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    figures: Figures = defaultdict(lambda: defaultdict(list))
    with contextlib.ExitStack() as begun:
        found = list(_begin(begun))
        share.enter(found[0])
        _rounds("to warm up", 1, found, _latencies, figures)
        figures.clear()
        _rounds("one at a time", _ROUNDS, found, _latencies, figures)
        _rounds("tasks of many clients", _LONG_ROUNDS, found, _throughput, figures)
        with_threads = [stack for stack in found if stack.name != "workshop"]
        _rounds("memory", 1, with_threads, _memory, figures)
        _follow(found, figures)
        _rounds("windows at once", _LONG_ROUNDS, found, _few_windows, figures)
        _rounds("many windows at once", _LONG_ROUNDS, with_threads, _many_windows, figures)
    _ways(figures)
    _say("")
    _print({name: _medians(row) for name, row in figures.items()})


def _rounds(what: str, times: int, found: list[Stack], measure: Measure, figures: Figures) -> None:
    for turn in range(times):
        for stack in found:
            _say(f"{what}, round {turn + 1} of {times}: {stack.name}")
            measure(stack, figures)


def _begin(begun: contextlib.ExitStack) -> Iterator[Stack]:
    for make in (stacks.hoststat, stacks.workshop, stacks.strongest):
        _say(f"starting {make.__name__}")
        folder = Path(begun.enter_context(tempfile.TemporaryDirectory()))
        try:
            stack = begun.enter_context(make(folder))
        except FileNotFoundError as missing:
            print(f"{make.__name__} is left out ({missing}); see `make bench`.", file=sys.stderr)
        else:
            measures.wake(stack)
            yield stack


def _latencies(stack: Stack, figures: Figures) -> None:
    figures["uptime, ms"][stack.name].append(measures.uptime(stack))
    ours = stack.name == "hoststat"
    busy = share.busy(stack) if ours else {}
    latency = measures.create_to_done(stack)
    figures["create, ms"][stack.name].append(latency.create)
    figures["create to done, ms"][stack.name].append(latency.done)
    if ours:
        for part, seconds in share.busy(stack).items():
            taken = 1000 * (seconds - busy[part]) / measures.TASKS
            figures[f"  processor: {part}"][stack.name].append(taken)
    client = Client(stack.port)
    waiting = client.create("?count=2&wait=1")
    figures["poll, ms"][stack.name].append(measures.poll(stack, waiting))
    if ours:
        one = share.get_item(waiting.rpartition("/")[2])
        figures["  of which a GetItem"][stack.name].append(one)
    client.follow(waiting, pause=0.1)


def _throughput(stack: Stack, figures: Figures) -> None:
    figures["tasks/s, in turn"][stack.name].append(measures.tasks_in_turn(stack))
    ours = stack.name == "hoststat"
    busy = share.busy(stack)["cloud"] if ours else 0
    figures["tasks/s, in a burst"][stack.name].append(measures.tasks_in_a_burst(stack))
    if ours:
        taken = share.busy(stack)["cloud"] - busy
        figures[_BURST][stack.name].append(1000 * taken / measures.BURST)


def _memory(stack: Stack, figures: Figures) -> None:
    figures["MiB a waiting window"][stack.name].append(measures.memory(stack, _FEW))


def _follow(found: list[Stack], figures: Figures) -> None:
    """Follow a window of each stack at the same time.

    Only hoststat can hold an answer. The other stacks are asked every second.
    """
    _say(f"following {_FOLLOWED} s")
    hows = [("?timeout=20", 0.0), *[("", 1.0)] * (len(found) - 1)]
    with ThreadPoolExecutor(len(found)) as pool:
        asked = [
            pool.submit(measures.requests_to_follow, stack, _FOLLOWED, *how)
            for stack, how in zip(found, hows, strict=True)
        ]
    for stack, it in zip(found, asked, strict=True):
        figures[f"requests to follow {_FOLLOWED} s"][stack.name].append(it.result())


def _ways(figures: Figures) -> None:
    """Measure hoststat with nothing stored, with many tasks stored, and with DATA, in turns."""
    again: dict[str, Figures] = {}
    with contextlib.ExitStack() as begun:
        folder = Path(begun.enter_context(tempfile.TemporaryDirectory()))
        data = {_NEW: "", _FULL: "", _DURABLE: str(folder / "data")}
        found = {
            how: begun.enter_context(stacks.hoststat(folder, DATA=at)) for how, at in data.items()
        }
        for how, stack in found.items():
            again[how] = defaultdict(lambda: defaultdict(list))
            measures.wake(stack)
            if how == _FULL:
                _say(f"storing {_STORED} tasks")
                share.enter(stack)
                share.fill(_STORED, _REPORTS)
        for turn in range(_WAYS_ROUNDS):
            for how, stack in found.items():
                _say(f"{how}, round {turn + 1} of {_WAYS_ROUNDS}")
                share.enter(stack)
                for measure in (_latencies, _throughput, _few_windows):
                    measure(stack, again[how])
    for how, measured in again.items():
        for what in _ALSO:
            figures[f"{what}, {how}"] = measured[what]


def _few_windows(stack: Stack, figures: Figures) -> None:
    windows = _FEWER if stack.name == "workshop" else _FEW
    looks = _windows(stack, windows, figures)
    if stack.name == "hoststat":
        alone = share.alone(windows, _WINDOW, looks)
        figures["  its calls of AWS alone"][stack.name].append(alone.seconds)
        for operation, taken in alone.each.items():
            figures[f"  {operation} alone, ms"][stack.name].append(taken)


def _many_windows(stack: Stack, figures: Figures) -> None:
    _windows(stack, _MANY, figures)


def _windows(stack: Stack, windows: int, figures: Figures) -> int:
    ours = stack.name == "hoststat"
    busy = share.busy(stack)["cloud"] if ours else 0
    load = measures.at_once(stack, windows, _QUERY, _STANDS)
    figures[f"{windows} windows of {_LASTS} s, s"][stack.name].append(load.seconds)
    if ours:
        taken = share.busy(stack)["cloud"] - busy
        figures[f"  processor: cloud, {windows}"][stack.name].append(taken)
    return load.looks


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
    """Give the ratios of the stacks that were measured, each with the ratio that is wanted."""
    ours, workshop, strongest = (
        {what: row[name] for what, row in table.items() if name in row}
        for name in ("hoststat", "workshop", "strongest")
    )
    done, burst = "create to done, ms", "tasks/s, in a burst"
    few, many = f"{_FEW} windows of {_LASTS} s, s", f"{_MANY} windows of {_LASTS} s, s"
    found = {"cloud, ms of the processor for a task in a burst": (ours[_BURST], "at most 3")}
    if workshop:
        found[f"{burst}: hoststat / workshop"] = (ours[burst] / workshop[burst], "at least 5")
    if strongest:
        for what, wanted in (
            (burst, "at least 1"),
            (done, "at most 1"),
            ("poll, ms", "at most 1.3"),
            ("uptime, ms", "at most 0.8"),
            (few, "at most 1.1"),
            (many, "at most 1.5"),
        ):
            found[f"{what}: hoststat / strongest"] = (ours[what] / strongest[what], wanted)
    for how, much in ((_FULL, 0.1), (_DURABLE, 0.25)):
        for what in _ALSO:
            wanted = f"at least {1 - much:g}" if what == burst else f"at most {1 + much:g}"
            seen = ours[f"{what}, {how}"] / ours[f"{what}, {_NEW}"]
            found[f"{what}: {how} / {_NEW}"] = (seen, wanted)
    return {what: (round(seen, 2), wanted) for what, (seen, wanted) in found.items()}


def _say(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
