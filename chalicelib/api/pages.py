"""Pages of reports: as many as an answer may hold."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.measure import numbers as devices
from chalicelib.measure.numbers import Device

if TYPE_CHECKING:
    from chalicelib.tasks.model import Report

#: Bytes of reports in an answer; Lambda hands over 6 MB, and nobody reads as much at once.
MAX_BYTES = 1_000_000
#: Bytes of a report's numbers beside those of its devices.
_FRAME = 100


class Entry(NamedTuple):
    """A report of a page, with its numbers where those are asked for."""

    report: "Report"
    devices: list[Device]


def cut(found: "Iterable[Report]", *, text: bool, numbers: bool) -> list[Entry]:
    """The first of the reports, as many as fit by their `text` or their `numbers`, one at least."""
    page: list[Entry] = []
    size = 0
    for report in found:
        entry = Entry(report, devices.read(report.text) if numbers else [])
        if text:
            size += len(json.dumps(report.text))
        if numbers:
            size += len(json.dumps(entry.devices)) + _FRAME
        if page and size > MAX_BYTES:
            return page
        page.append(entry)
    return page
