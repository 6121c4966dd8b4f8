"""Reports in the output of an iostat: where one ends and the next begins."""

from collections.abc import Iterator

from chalicelib import errors

#: Bytes of one report; 300 devices take 33 KB.
MAX_BYTES = 65_536


class Splitter:
    """Cuts a stream of iostat's output into whole reports, which join to the very same bytes.

    sysstat ends a report with a blank line, after a first block that names the machine; what
    stands between two reports belongs to the later one. macOS writes one line of numbers a
    report, below headings that come back now and then. The continuation of an earlier run
    (`first` above 0) has no place for a second heading, so its own is left out.
    """

    def __init__(self, *, first: int = 0, darwin: bool = False) -> None:
        self._ends_report = self._ends_darwin if darwin else self._ends_sysstat
        self._drop = first > 0
        self._line = b""
        self._text = ""
        self._solid = False

    def feed(self, data: bytes) -> Iterator[str]:
        """Take more output and yield the reports that are whole now.

        Raises MachineFailed where a report is longer than MAX_BYTES.
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
        """What came after the last whole report, as far as it is blank."""
        return "" if self._text.strip() else self._text

    def _check_size(self) -> None:
        if len(self._text) + len(self._line) > MAX_BYTES:
            raise errors.MachineFailed(f"iostat wrote a report of more than {MAX_BYTES} bytes.")

    def _ends_sysstat(self, line: str) -> bool:
        if line.strip():
            self._solid = True
            return False
        if not self._solid:
            return False
        self._solid = False
        if not self._text.lstrip().startswith("Linux "):
            return True
        # Only the heading so far, or the heading and a report below it.
        if "\n\n" in self._text.strip():
            return True
        if self._drop:
            self._text = ""
        return False

    def _ends_darwin(self, line: str) -> bool:
        if not _all_numbers(line):
            return False
        if self._drop:
            # It has no -y: the first report of a continuation is the average since boot again.
            self._drop = False
            self._text = ""
            return False
        return True


def _all_numbers(line: str) -> bool:
    words = line.split()
    return bool(words) and all(word.replace(".", "", 1).isdigit() for word in words)
