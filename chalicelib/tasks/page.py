"""A page of reports: as many as one answer may have."""

from collections.abc import Iterable, Iterator

from chalicelib.measure import numbers
from chalicelib.measure.numbers import Cpu, Device
from chalicelib.tasks.model import Report, ReportView

#: The most bytes of reports in an answer. Lambda allows 6 MB, but nobody reads so much at once.
MAX_BYTES = 1_000_000
#: Bytes that JSON takes for a report besides its devices, and for a column besides its name.
_FRAME, _QUOTES = 100, 4
#: Bytes that JSON takes at most for a unit of UTF-16: ``\u0000``.
_LONGEST_ESCAPE = 6


def cut(found: Iterable[Report], *, texts: int, numbers_too: bool) -> list[ReportView]:
    """Give the first of the reports: as many as fit into one answer, and at least one.

    What counts is their size in the answer: `texts` times their text, and their numbers. This size
    is only estimated, so that reports are encoded as JSON once, later.
    """
    page: list[ReportView] = []
    size = 0
    for report in found:
        entry = view(report) if numbers_too else ReportView(report, [])
        size += texts * _text_bytes(report.text) if texts else 0
        size += _number_bytes(entry) if numbers_too else 0
        if page and size > MAX_BYTES:
            return page
        page.append(entry)
    return page


def view(report: Report) -> ReportView:
    """Give a report with its numbers."""
    return ReportView(report, numbers.read_report(report.text), numbers.read_cpu(report.text))


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


def _number_bytes(view: ReportView) -> int:
    """Estimate the bytes of numbers in JSON, where each device repeats the names of its columns."""
    if not (view.devices or view.cpu):
        return _FRAME
    devices = len(view.devices) * _name_bytes(view.devices[0]) if view.devices else 0
    names = devices + _name_bytes(view.cpu or {})
    return _FRAME + names + _text_bytes(view.report.text.replace(" ", ""))


def _name_bytes(columns: Device | Cpu) -> int:
    return sum(len(name) + _QUOTES for name in columns)
