"""Pages of reports: as many as an answer may hold."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chalicelib import devices

if TYPE_CHECKING:
    from chalicelib.tasks import Report

#: Bytes of reports in an answer; Lambda hands over 6 MB, and nobody reads as much at once.
MAX_BYTES = 1_000_000
#: Bytes of a report's numbers beside those of its devices.
_FRAME = 100


def cut(found: "Iterable[Report]", *, text: bool, numbers: bool) -> "list[Report]":
    """The first of the reports, as many as fit by their `text` or their `numbers`, one at least."""
    page: list[Report] = []
    size = 0
    for report in found:
        if text:
            size += len(json.dumps(report.text))
        if numbers:
            size += len(json.dumps(devices.read(report.text))) + _FRAME
        if page and size > MAX_BYTES:
            return page
        page.append(report)
    return page
