"""The time that the command `hoststat` takes to its end, compared with Python doing nothing."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping

from bench import answering
from local import stage

#: Rounds. In each round every case is measured once.
_ROUNDS = 15
#: What the command does, as `make` writes it into .venv/bin.
_COMMAND = "import sys; from hoststat.__main__ import main; sys.exit(main())"
_CASES = {
    "python -c pass": ["-c", "pass"],
    "hoststat --help": ["-c", _COMMAND, "--help"],
    "hoststat uptime": ["-c", _COMMAND, "uptime"],
}
_BESIDE = "python -c pass"
#: The most that a case may take, in times of `_BESIDE`.
_WANTED = {"hoststat --help": 8, "hoststat uptime": 14}


def service() -> contextlib.AbstractContextManager[str]:
    """Run a service that answers at once while the context lasts; give its URL."""
    return answering.serving(lambda _: {"uptime": "20:16:57 up 14 days"})


def environ(url: str, folder: str) -> dict[str, str]:
    """Give the environment of the command: the service at `url`, and no profile but `folder`'s."""
    return {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": folder, "HOSTSTAT_URL": url}


def seconds(case: str, given: Mapping[str, str]) -> float:
    """Give the seconds from the start of a case to its end."""
    began = time.perf_counter()
    command = [sys.executable, *_CASES[case]]
    subprocess.run(command, cwd=stage.PROJECT, env=given, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def medians(rounds: int) -> dict[str, float]:
    """Give the median seconds of each case over so many rounds."""
    taken: dict[str, list[float]] = {case: [] for case in _CASES}
    with service() as url, tempfile.TemporaryDirectory() as folder:
        given = environ(url, folder)
        for turn in range(rounds + 1):
            for case, times in taken.items():
                taken_now = seconds(case, given)
                # The first round warms the page cache.
                if turn:
                    times.append(taken_now)
    return {case: statistics.median(times) for case, times in taken.items()}


def main() -> None:
    """Print a table, and a line of JSON."""
    found = medians(_ROUNDS)
    ratios = {case: round(found[case] / found[_BESIDE], 2) for case in _WANTED}
    print(f"\n{'start of the command, ms':<28}{'median':>8}{'ratio':>8}{'wanted':>9}")
    for case, taken in found.items():
        beside = f"{ratios[case]:>8.2f}{_WANTED[case]:>9}" if case in ratios else ""
        print(f"{case:<28}{taken * 1000:>8.0f}{beside}")
    whole = {case: round(taken * 1000) for case, taken in found.items()}
    print(json.dumps({"bench": "command start", "ms": whole, "ratios": ratios}))


if __name__ == "__main__":
    main()
