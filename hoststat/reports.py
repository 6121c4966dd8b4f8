"""Reports as people and programs take them: iostat's own text, lines of JSON, or CSV."""

import io
import json
import re
from typing import Any, NamedTuple, Protocol

from hoststat import times
from hoststat.screen import Screen

#: Where the first table of a report begins, below what iostat says of the machine.
_TABLE = re.compile(r"^(Device|avg-cpu)", re.MULTILINE)

Report = dict[str, Any]


class Shape(NamedTuple):
    """What people want to see of reports."""

    #: Whether they are of several hosts.
    several: bool = False
    #: Whether the average since boot is left out.
    skip_boot: bool = False
    #: Whether each report bears its time.
    timed: bool = False


class Writer(Protocol):
    """Writes reports."""

    needs_text: bool

    def expect(self, hosts: list[str]) -> None:
        """Learn whose reports will come, before the first of them."""

    def reports(self, found: list[Report]) -> None:
        """Write reports, each at once and whole. Raises Gone."""

    def whole(self, text: str) -> None:
        """Write the text of a whole window, where the reports had none. Raises Gone."""


class Text:
    """What iostat wrote, to the byte; several hosts are blocks below their names."""

    needs_text = True

    def __init__(self, screen: Screen, shape: Shape) -> None:
        self._screen, self._shape = screen, shape
        #: The width of the longest name of a host.
        self._width = 0
        #: What the hosts said of themselves before a first report that is left out.
        self._headings: dict[str, str] = {}

    def expect(self, hosts: list[str]) -> None:
        """Learn whose reports will come: lines of uptime begin below each other."""
        self._width = max(map(len, hosts), default=0)

    def reports(self, found: list[Report]) -> None:
        """Write reports, each at once and whole. Raises Gone."""
        for report in found:
            text = self._line(report) if "uptime" in report else self._block(report)
            if text:
                self._screen.put(text)

    def whole(self, text: str) -> None:
        """Write the text of a whole window, where the reports had none. Raises Gone."""
        self._screen.put(text)

    def _line(self, report: Report) -> str:
        said = report["uptime"] or "said what cannot be read"
        return f"{report['host'].ljust(self._width)}  {said}\n"

    def _block(self, report: Report) -> str:
        text: str = report.get("text", "")
        if self._shape.skip_boot and report["since_boot"]:
            begins = _TABLE.search(text)
            self._headings[report["host"]] = text[: begins.start()] if begins else ""
            return ""
        heading = self._headings.pop(report["host"], "")
        if heading:
            text = heading + text.lstrip("\n")
        if self._shape.timed and report["at"]:
            text = _TABLE.sub(lambda it: f"{times.here(report['at'])}\n{it[0]}", text, count=1)
        return f"==> {report['host']} <==\n{text}" if text and self._shape.several else text


class Lines:
    """A line of JSON for each report."""

    needs_text = False

    def __init__(self, screen: Screen, shape: Shape) -> None:
        self._screen, self._shape = screen, shape

    def expect(self, hosts: list[str]) -> None:
        """Do nothing: a line of JSON is as wide as it is."""

    def reports(self, found: list[Report]) -> None:
        """Write reports, each at once and whole. Raises Gone."""
        for report in found:
            if not (self._shape.skip_boot and report.get("since_boot")):
                self._screen.put(json.dumps(report, ensure_ascii=False) + "\n")

    def whole(self, text: str) -> None:
        """Write nothing: all reports had their numbers."""


class Csv:
    """A row for each device of each report, below one row of names."""

    needs_text = False

    def __init__(self, screen: Screen, shape: Shape) -> None:
        self._screen, self._shape = screen, shape
        self._names: list[str] = []
        self._told: set[str] = set()

    def expect(self, hosts: list[str]) -> None:
        """Do nothing: a row is as wide as it is."""

    def reports(self, found: list[Report]) -> None:
        """Write reports, each at once and whole. Raises Gone."""
        for report in found:
            if self._shape.skip_boot and report.get("since_boot"):
                continue
            rows = self._rows(report)
            if rows:
                self._screen.put(rows)

    def whole(self, text: str) -> None:
        """Write nothing: all reports had their numbers."""

    def _rows(self, report: Report) -> str:
        import csv

        common = {it: report[it] for it in ("host", "index", "at", "since_boot")}
        common["since_boot"] = str(report["since_boot"]).lower()
        lines = io.StringIO()
        for device in report["devices"]:
            row = common | device | (report.get("cpu") or {})
            if not self._names:
                self._names = list(row)
                csv.writer(lines, lineterminator="\n").writerow(self._names)
            self._tell_lost(row)
            csv.writer(lines, lineterminator="\n").writerow([row.get(it, "") for it in self._names])
        return lines.getvalue()

    def _tell_lost(self, row: dict[str, Any]) -> None:
        """Say once what has no column: hosts with other versions of iostat have other ones."""
        lost = row.keys() - set(self._names) - self._told
        self._told |= lost
        for name in sorted(lost):
            self._screen.note(f"{row['host']} has {name}, which the first row does not name.")
