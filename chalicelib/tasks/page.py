"""A page of reports: as many as one answer may have."""

from collections.abc import Iterable, Iterator

from chalicelib.measure import numbers
from chalicelib.measure.numbers import Device
from chalicelib.tasks.model import Report, ReportView

#: The most bytes of reports in an answer. Lambda allows 6 MB, but nobody reads so much at once.
MAX_BYTES = 1_000_000
#: Bytes that JSON takes for a report besides its devices, and for a column besides its name.
_FRAME, _QUOTES = 100, 4
#: Bytes that JSON takes at most for a unit of UTF-16: ``\u0000``.
_LONGEST_ESCAPE = 6


def cut(found: Iterable[Report], *, text: bool, numbers_too: bool) -> list[ReportView]:
    """Give the first of the reports: as many as fit into one answer, and at least one.

    What counts is their size in the answer: their `text`, their numbers, or both. This size is only
    estimated, so that reports are encoded as JSON once, later.
    """
    page: list[ReportView] = []
    size = 0
    for report in found:
        view = ReportView(report, numbers.read_report(report.text) if numbers_too else [])
        size += _text_bytes(report.text) if text else 0
        size += _device_bytes(view.devices, report.text) + _FRAME if numbers_too else 0
        if page and size > MAX_BYTES:
            return page
        page.append(view)
    return page


def whole(found: Iterable[Report], indices: range) -> Iterator[Report]:
    """Give the reports of these indices, in their order: those that are found, or that say so."""
    stored = iter(found)
    following = next(stored, None)
    for index in indices:
        if following is not None and following.index == index:
            yield following
            following = next(stored, None)
        else:
            yield Report.missing(index)


def _text_bytes(text: str) -> int:
    """Estimate the bytes of a text in JSON: exactly for plain text, else rather too many."""
    escaped = sum(text.count(it) for it in '\n\t"\\')
    plain = text.isascii() and text.replace("\n", "").replace("\t", "").isprintable()
    if plain:
        return len(text) + escaped
    return _LONGEST_ESCAPE * len(text.encode("utf-16-le", "surrogatepass")) // 2


def _device_bytes(devices: list[Device], text: str) -> int:
    """Estimate the bytes of devices in JSON, where each repeats the names of its columns."""
    if not devices:
        return 0
    columns = sum(len(name) + _QUOTES for name in devices[0])
    return len(devices) * columns + _text_bytes(text.replace(" ", ""))
