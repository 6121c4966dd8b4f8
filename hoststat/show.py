"""Lists as tables, and documents as JSON."""

import json
from collections.abc import Sequence
from typing import Any


def table(heading: str, rows: Sequence[Sequence[object]]) -> str:
    """Give a table: the words of `heading` above columns that are as wide as they must be."""
    lines = [heading.split(), *([_cell(it) for it in row] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        + "\n"
        for line in lines
    )


def document(found: Any) -> str:
    """Give a document of JSON, on one line."""
    return json.dumps(found, ensure_ascii=False) + "\n"


def facts(found: Sequence[tuple[str, object]]) -> str:
    """Give a line for each fact that is known: its name and its value."""
    known = [(name, it) for name, it in found if it not in (None, "")]
    width = max((len(name) for name, _ in known), default=0)
    return "".join(f"{name.ljust(width)}  {_printable(str(it))}\n" for name, it in known)


def number(many: int, noun: str) -> str:
    """Give how many there are of something, such as "1 report" or "12 reports"."""
    return f"{many} {noun}" if many == 1 else f"{many} {noun}s"


def _cell(value: object) -> str:
    return _printable("-" if value in (None, "") else str(value))


def _printable(text: str) -> str:
    """Give a text without what could steer a terminal: names come from others."""
    return "".join(it if it.isprintable() else "?" for it in text)
