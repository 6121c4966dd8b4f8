"""hoststat and what people would use instead, compared by the same requests in the same run."""

import contextlib
import shutil
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import measures, share, stacks
from bench.driver import Client
from bench.figures import (
    BURST,
    CLOUD,
    COMPARED,
    DONE,
    DURABLE,
    FEW,
    FIRST,
    FULL,
    MANY,
    NEW,
    POLL,
    STORED,
    UPTIME,
    WINDOW,
    Figures,
    at_once,
    show,
)
from bench.stacks import Stack

#: Rounds of short and of long measurements, and of bursts. In each round every stack is measured
#: once.
_ROUNDS, _LONG_ROUNDS, _BURSTS = 20, 2, 6
#: The query that creates the window, and that of a look which asks for its state and for none of
#: its reports.
_QUERY = f"?count={WINDOW.count}&wait={WINDOW.wait}"
_STANDS = f"?since={WINDOW.count}"
#: How many windows the workshop gets at once: its worker runs only one in each of its processes.
_FEWER = 20
#: Reports of each task that is stored.
_REPORTS = 2
#: Seconds of the window that is followed.
_FOLLOWED = 30
#: Rounds of windows in which the ways to run hoststat are compared.
_WAYS_ROUNDS = 5

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
        _rounds("to warm up", 1, found, _one_at_a_time, figures)
        figures.clear()
        _rounds("one at a time", _ROUNDS, found, _one_at_a_time, figures)
        _rounds("tasks of many clients", _BURSTS, found, _throughput, figures)
        with_threads = [stack for stack in found if stack.name != "workshop"]
        _rounds("memory", 1, with_threads, _memory, figures)
        _follow(found, figures)
        _rounds("windows at once", _LONG_ROUNDS, found, _few_windows, figures)
        _rounds("many windows at once", _LONG_ROUNDS, with_threads, _many_windows, figures)
    _ways(figures)
    _say("")
    show(figures)


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


def _one_at_a_time(stack: Stack, figures: Figures) -> None:
    figures[UPTIME][stack.name].append(measures.uptime(stack))
    figures[FIRST][stack.name].append(measures.first_uptime(stack))
    _latencies(stack, figures)


def _latencies(stack: Stack, figures: Figures) -> None:
    ours = stack.name == "hoststat"
    busy = share.busy(stack) if ours else {}
    latency = measures.create_to_done(stack)
    figures["create, ms"][stack.name].append(latency.create)
    figures[DONE][stack.name].append(latency.done)
    if ours:
        for part, seconds in share.busy(stack).items():
            taken = 1000 * (seconds - busy[part]) / measures.TASKS
            figures[f"  processor: {part}"][stack.name].append(taken)
    client = Client(stack.port)
    waiting = client.create("?count=2&wait=1")
    figures[POLL][stack.name].append(measures.poll(stack, waiting))
    if ours:
        one = share.get_item(waiting.rpartition("/")[2])
        figures["  of which a GetItem"][stack.name].append(one)
    client.follow(waiting, pause=0.1)


def _throughput(stack: Stack, figures: Figures) -> None:
    figures["tasks/s, in turn"][stack.name].append(measures.tasks_in_turn(stack))
    _burst(stack, figures)


def _burst(stack: Stack, figures: Figures) -> None:
    ours = stack.name == "hoststat"
    busy = share.busy(stack)["cloud"] if ours else 0
    figures[BURST][stack.name].append(measures.tasks_in_a_burst(stack))
    if ours:
        taken = share.busy(stack)["cloud"] - busy
        figures[CLOUD][stack.name].append(1000 * taken / measures.BURST)


def _memory(stack: Stack, figures: Figures) -> None:
    figures["MiB a waiting window"][stack.name].append(measures.memory(stack, FEW))


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
        data = {NEW: "", FULL: "", DURABLE: str(folder / "data")}
        found = {
            how: begun.enter_context(stacks.hoststat(folder, DATA=at)) for how, at in data.items()
        }
        for how, stack in found.items():
            again[how] = defaultdict(lambda: defaultdict(list))
            measures.wake(stack)
            if how == FULL:
                _say(f"storing {STORED} tasks")
                share.enter(stack)
                share.fill(STORED, _REPORTS)
        for turn in range(_ROUNDS):
            for how, stack in found.items():
                _say(f"{how}, round {turn + 1} of {_ROUNDS}")
                share.enter(stack)
                _latencies(stack, again[how])
                _burst(stack, again[how])
                if turn < _WAYS_ROUNDS:
                    _few_windows(stack, again[how])
    for how, measured in again.items():
        for what in COMPARED:
            figures[f"{what}, {how}"] = measured[what]


def _few_windows(stack: Stack, figures: Figures) -> None:
    windows = _FEWER if stack.name == "workshop" else FEW
    looks = _windows(stack, windows, figures)
    if stack.name == "hoststat":
        alone = share.alone(windows, WINDOW, looks)
        figures["  its calls of AWS alone"][stack.name].append(alone.seconds)
        for operation, taken in alone.each.items():
            figures[f"  {operation} alone, ms"][stack.name].append(taken)


def _many_windows(stack: Stack, figures: Figures) -> None:
    _windows(stack, MANY, figures)


def _windows(stack: Stack, windows: int, figures: Figures) -> int:
    ours = stack.name == "hoststat"
    busy = share.busy(stack)["cloud"] if ours else 0
    load = measures.at_once(stack, windows, _QUERY, _STANDS)
    figures[at_once(windows)][stack.name].append(load.seconds)
    if ours:
        taken = share.busy(stack)["cloud"] - busy
        figures[f"  processor: cloud, {windows}"][stack.name].append(taken)
    return load.looks


def _say(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
