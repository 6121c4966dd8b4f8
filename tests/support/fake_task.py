"""A task of the fake service, and the reports that a test lets come."""

from typing import Any

from tests.support.iostats import HEADING, REPORT

#: Every moment that the fake service tells.
AT = "2026-11-22T10:00:00Z"
#: The states of tasks that have ended.
ENDED = ("SUCCESS", "FAILURE", "REVOKED")
_DEVICE = {"device": "vda", "tps": 32.47, "kB_read/s": 755.5}


def text(index: int, count: int) -> str:
    """Give the text of one of `count` reports, as a splitter cuts it."""
    before = "\n" if index else HEADING
    return before + REPORT + ("\n" if index == count - 1 else "")


class Task:
    """A task of the fake; `host` is None for one that any worker takes."""

    def __init__(self, host: str | None, count: int, wait: int, *, what: str = "iostat") -> None:
        self.host, self.count, self.wait, self.what = host, count, wait, what
        self.state, self.why, self.reports = "QUEUED", "", list[dict[str, Any]]()

    def measure(self, reports: int) -> None:
        """Let so many more reports come."""
        if self.state in ENDED:
            return
        self.state = "STARTED"
        for _ in range(min(reports, self.count - len(self.reports))):
            index = len(self.reports)
            report: dict[str, Any] = {"index": index, "at": AT}
            if self.what == "uptime":
                report |= {"uptime": f"10:00:00 up {self.host}", "seconds": 1.0}
            else:
                report |= {"since_boot": index == 0, "devices": [_DEVICE]}
                report |= {"text": text(index, self.count)}
            self.reports.append(report)
        if len(self.reports) == self.count:
            self.state = "SUCCESS"

    @property
    def text(self) -> str:
        """Everything that iostat has written."""
        return "".join(it["text"] for it in self.reports)
