"""Where one report in the output of iostat ends and the next one begins."""

from collections.abc import Iterator

from chalicelib import errors

#: The most bytes that one report may have; 300 devices take 33 KB, and 63 KB with -x.
MAX_BYTES = 131_072


class Splitter:
    """Cuts the output of iostat into whole reports. Joined, they are the same text again.

    sysstat ends each block of lines with a blank line: the first one, which names the machine; the
    CPU block, if there is one; and the devices, which end a report. What stands between two reports
    belongs to the later one. macOS writes one line of numbers for each report, and repeats its
    headings now and then. When a run continues an earlier one (`first` above 0), the heading of the
    output is dropped: the window has one already.
    """

    def __init__(self, *, first: int = 0, darwin: bool = False) -> None:
        self._ends_report = self._ends_darwin if darwin else self._ends_sysstat
        self._drop = first > 0
        self._line = b""
        self._text = ""
        #: The first line of what a blank line ends; "" after a blank line.
        self._block = ""

    def feed(self, data: bytes) -> Iterator[str]:
        """Take more output and yield the reports that are complete now.

        Raises MachineFailed for a report that is longer than MAX_BYTES.
        """
        *lines, self._line = (self._line + data).split(b"\n")
        for raw in lines:
            line = raw.decode("utf-8", "backslashreplace")
            self._text += line + "\n"
            self._check_size()
            if self._ends_report(line):
                yield self._text
                self._text = ""
        self._check_size()

    def tail(self) -> str:
        """Give what came after the last whole report if it is blank, else ""."""
        return "" if self._text.strip() else self._text

    def _check_size(self) -> None:
        if len(self._text.encode()) + len(self._line) > MAX_BYTES:
            raise errors.MachineFailed(f"iostat wrote a report of more than {MAX_BYTES} bytes.")

    def _ends_sysstat(self, line: str) -> bool:
        if line.strip():
            self._block = self._block or line
            return False
        block, self._block = self._block, ""
        if block.startswith("Linux ") and self._drop:
            self._text = ""
        # The heading and the CPU block belong to the report below them.
        return bool(block) and not block.startswith(("Linux ", "avg-cpu:"))

    def _ends_darwin(self, line: str) -> bool:
        if not _all_numbers(line):
            return False
        if self._drop:
            # macOS has no -y: its first report is the average since boot once more.
            self._drop = False
            self._text = ""
            return False
        return True


def _all_numbers(line: str) -> bool:
    words = line.split()
    return bool(words) and all(word.replace(".", "", 1).isdigit() for word in words)
