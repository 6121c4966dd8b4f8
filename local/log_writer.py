"""Standard error that nobody waits for: a thread of its own writes it.

A pipe whose reader has stopped (``make service 2>&1 | less``) is full at some time, and whoever
writes to it then waits. Here only the thread waits. Lines that find no room are lost and counted,
and the log says how many as soon as it can.
"""

import atexit
import contextlib
import io
import logging
import os
import queue
import sys
import threading
import time
from typing import Any

from chalicelib import log

#: Writes that may wait for their turn. A line of the log is one.
_MOST_WAITING = 10_000
#: Seconds in which lines are gathered for one write. Each time this thread wakes, it takes a turn
#: of the interpreter away from those who answer.
_GATHER_SECONDS = 0.01
#: Seconds that the end of a process waits for its last lines.
_LAST_LINES_SECONDS = 1

#: Text, an event to make a line of, or what is set when all before it is written.
_Item = bytes | logging.LogRecord | threading.Event


class Writer(io.RawIOBase):
    """Writes to the descriptor `fd`, on a thread of its own."""

    def __init__(self, fd: int, most_waiting: int = _MOST_WAITING) -> None:
        self._fd, self._most_waiting = fd, most_waiting
        self._waiting: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._lost, self._counting = 0, threading.Lock()
        threading.Thread(target=self._write_for_ever, name="log", daemon=True).start()

    @property
    def waiting(self) -> int:
        """How many writes wait for their turn."""
        return self._waiting.qsize()

    def writable(self) -> bool:
        """Tell that this can be written to."""
        return True

    def fileno(self) -> int:
        """Give the descriptor."""
        return self._fd

    def write(self, data: Any, /) -> int:
        """Have `data` written soon, or lose it if too much waits already."""
        text = bytes(data)
        self.add(text)
        return len(text)

    def add(self, item: bytes | logging.LogRecord) -> None:
        """Have a text, or a line made of an event, written soon, as `write` does."""
        if self.waiting < self._most_waiting:
            self._waiting.put(item)
        else:
            self._lose(item.count(b"\n") if isinstance(item, bytes) else 1)

    def drain(self, seconds: float = _LAST_LINES_SECONDS) -> bool:
        """Wait until all that waits is written, at most for so long. Tell whether it is."""
        written = threading.Event()
        self._waiting.put(written)
        return written.wait(seconds)

    def _lose(self, lines: int) -> None:
        with self._counting:
            self._lost += lines

    def _write_for_ever(self) -> None:
        while True:
            items = [self._waiting.get()]
            time.sleep(_GATHER_SECONDS)
            with contextlib.suppress(queue.Empty):
                while True:
                    items.append(self._waiting.get_nowait())
            self._tell_losses()
            text = b"".join(map(_text, items))
            if not self._put(text):
                self._lose(text.count(b"\n"))
            for it in items:
                if isinstance(it, threading.Event):
                    it.set()

    def _tell_losses(self) -> None:
        with self._counting:
            lost, self._lost = self._lost, 0
        if lost and not self._put(_line(_record("log lines lost", "WARNING", lines=lost))):
            self._lose(lost)

    def _put(self, text: bytes) -> bool:
        """Write, and tell whether that was possible: the reader may be gone, the disk full."""
        left = memoryview(text)
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError:
            return False
        return True


class Handler(logging.Handler):
    """Gives events to a writer, for its thread to make lines of: a handler for `log.configure`."""

    def __init__(self, writer: Writer) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        """Give an event to the writer."""
        try:
            if record.exc_info:
                # It refers to all that the code which failed was dealing with.
                self._writer.add(_line(record))
            else:
                record.msg, record.args = record.getMessage(), None
                self._writer.add(record)
        except Exception:
            # A message that does not fit its arguments. Here logging says so.
            self.handleError(record)


def _text(item: _Item) -> bytes:
    """Give the text of an item. It does not raise: that would end the log."""
    if isinstance(item, bytes):
        return item
    if isinstance(item, threading.Event):
        return b""
    try:
        return _line(item)
    except Exception as wrong:
        fields = {"of": item.msg, "why": type(wrong).__name__}
        return _line(_record("log line not made", "ERROR", **fields))


def _line(record: logging.LogRecord) -> bytes:
    return log.line(record).encode() + b"\n"


def _record(event: str, level: str, **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": event, "levelname": level, "fields": fields})


def begin() -> Writer:
    """Let all that this process says on standard error take this way. Call before `log.configure`.

    Raises RuntimeError where there is no thread to be had.
    """
    writer = Writer(sys.stderr.fileno())
    sys.stderr = io.TextIOWrapper(
        writer, encoding="utf-8", errors="backslashreplace", write_through=True
    )
    atexit.register(writer.drain)
    return writer
