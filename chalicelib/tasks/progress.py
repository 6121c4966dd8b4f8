"""Where a caller is in the reports of a group: the index of the next report of each host."""

import itertools
import re
from collections.abc import Iterable

from chalicelib import errors

#: Runs of hosts with the same index, such as ``40x5.1x3``.
PATTERN = "^[1-9][0-9]{0,3}x[0-9]{1,9}([.][1-9][0-9]{0,3}x[0-9]{1,9}){0,999}$"

_PROGRESS = re.compile(PATTERN, re.ASCII)


def write(indices: Iterable[int]) -> str:
    """Write the indices, in the order of the hosts, as a cursor that a link may have."""
    runs = itertools.groupby(indices)
    return ".".join(f"{len(list(same))}x{index}" for index, same in runs)


def read(text: str, *, hosts: int, most: int) -> list[int]:
    """Read a cursor of `write` for so many hosts, whose windows have at most `most` reports.

    Raises Invalid.
    """
    indices: list[int] = []
    for run in text.split(".") if _PROGRESS.fullmatch(text) else ():
        many, _, index = run.partition("x")
        indices += [int(index)] * min(int(many), hosts + 1)
        if len(indices) > hosts:
            break
    if len(indices) != hosts or max(indices) > most:
        raise errors.Invalid(
            f"since must be the next of an answer about this group, not {errors.shorten(text)}."
        )
    return indices
