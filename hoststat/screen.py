"""What a person and a pipe get to see: the result, notes, and one line of progress."""

import contextlib
import errno
import os
import select
import sys
import threading
from collections.abc import Callable, Iterator

from hoststat.errors import Gone

#: Seconds between two renewals of the line of progress.
_TICK = 1.0
#: The width of a terminal that does not tell it.
_WIDTH = 80


class Screen:
    """Standard output for the result alone, standard error for all that is about the work."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._is_terminal = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._plain = "NO_COLOR" in os.environ
        self._line: Callable[[], str] | None = None
        self._drawn = False
        # Of one thread that ticks, and the main one, which a signal handler may interrupt.
        self._lock = threading.RLock()

    def put(self, text: str) -> None:
        """Write a part of the result, all at once. Raises Gone if nobody reads it."""
        data = memoryview(text.encode("utf-8", "surrogateescape"))
        with self._apart():
            while data:
                try:
                    data = data[os.write(1, data) :]
                except BlockingIOError:
                    select.select([], [1], [])
                except OSError as broken:
                    # EIO: the terminal was closed.
                    if broken.errno not in (errno.EPIPE, errno.EIO):
                        raise
                    raise Gone from broken

    def confirm(self, text: str) -> None:
        """Say that something was done, unless people want it quiet. Raises Gone."""
        if not self.quiet:
            self.put(f"{text}\n")

    def remark(self, text: str) -> None:
        """Tell a person something about the work: nobody reads it without a terminal."""
        if self._is_terminal:
            self.note(text)

    def note(self, text: str) -> None:
        """Tell something about the work, unless people want it quiet."""
        if not self.quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Tell what went wrong, or what nobody may miss."""
        with self._apart(), contextlib.suppress(OSError):
            os.write(2, f"hoststat: {text}\n".encode("utf-8", "replace"))

    @contextlib.contextmanager
    def progress(self, line: Callable[[], str]) -> Iterator[None]:
        """Show a line of progress, on a terminal, while the context lasts."""
        if self.quiet or not self._is_terminal:
            yield
            return
        self._line, ended = line, threading.Event()
        ticker = threading.Thread(target=self._tick, args=[ended], daemon=True)
        ticker.start()
        try:
            yield
        finally:
            ended.set()
            with self._apart():
                self._line = None

    def _tick(self, ended: threading.Event) -> None:
        while not ended.is_set():
            with self._lock:
                self._draw()
            ended.wait(_TICK)

    @contextlib.contextmanager
    def _apart(self) -> Iterator[None]:
        """Erase the line of progress while something else is written."""
        with self._lock:
            if self._drawn:
                self._drawn = False
                _to_terminal("\r\x1b[K")
            yield
            self._draw()

    def _draw(self) -> None:
        if self._line is None:
            return
        # The last column stays free: a terminal would go on to the next line.
        text = self._line()[: _width() - 1]
        self._drawn = True
        _to_terminal(f"\r\x1b[K{text}" if self._plain else f"\r\x1b[K\x1b[2m{text}\x1b[0m")


def _width() -> int:
    """Give the width of the terminal as it is now: people change it."""
    try:
        return os.get_terminal_size(2).columns or _WIDTH
    except OSError:
        return _WIDTH


def _to_terminal(text: str) -> None:
    # A terminal that has gone away is no reason to stop measuring.
    with contextlib.suppress(OSError):
        os.write(2, text.encode("utf-8", "replace"))
