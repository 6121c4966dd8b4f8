"""``uptime`` and ``iostat``: how they are started, read and ended."""

import os
import selectors
import time
from collections.abc import Iterator
from typing import Self

from chalicelib import errors
from chalicelib.measure.process import Process, is_ready
from chalicelib.measure.splitter import Splitter

#: The most bytes of iostat's stderr that an error quotes.
_STDERR_BYTES = 500
#: Seconds that ``uptime`` may take, and that iostat may take to exit after its last report.
_COMMAND_SECONDS, _EXIT_SECONDS = 5, 1
#: The most bytes of an uptime's line, far above what it can be.
_UPTIME_BYTES = 65_536
#: The most seconds that are kept of iostat's patience for a second look at it.
_SECOND_LOOK_SECONDS = 5


def uptime(command: str, env: dict[str, str]) -> str:
    """Run ``uptime`` and give what it prints, stripped. Raises MachineFailed, also after 5 s."""
    try:
        process = Process([command], env, complains=False)
    except OSError as exc:
        raise errors.MachineFailed(f"uptime cannot be started: {exc}") from exc
    with process:
        until = time.monotonic() + _COMMAND_SECONDS
        said = _read(process.stdout, until)
        status = None if said is None else process.wait(until)
    if said is None or status is None:
        raise errors.MachineFailed(f"uptime took more than {_COMMAND_SECONDS} s and was ended.")
    if status:
        raise errors.MachineFailed(f"uptime ended with status {status}.")
    return said.decode("utf-8", "backslashreplace").strip()


def _read(descriptor: int, until: float) -> bytes | None:
    """Give all that a process writes, or None if it goes on writing at the monotonic `until`.

    Raises MachineFailed if that is more than uptime can have to say.
    """
    said = bytearray()
    while time.monotonic() < until and is_ready(descriptor, until):
        data = os.read(descriptor, 65_536)
        if not data:
            return bytes(said)
        said += data
        if len(said) > _UPTIME_BYTES:
            raise errors.MachineFailed(f"uptime wrote more than {_UPTIME_BYTES} bytes.")
    return None


def _selector() -> selectors.BaseSelector:
    try:
        return selectors.DefaultSelector()
    except OSError as exc:
        raise errors.from_os_error("iostat cannot be read", exc) from exc


class Iostat:
    """A running iostat, which is a `measure.model.Feed`."""

    def __init__(
        self,
        argv: list[str],
        env: dict[str, str],
        splitter: Splitter,
        expected: int,
        *,
        wait: float,
        patience: float,
    ) -> None:
        """Start iostat. It must write `expected` reports, `wait` seconds apart.

        Each may be `patience` seconds late. The last part of that time begins when we look, not
        when it is due: if iostat was frozen together with us, it can still write then.

        Raises MachineFailed if it cannot be started, or Killed if the cause is a shortage of
        memory, processes or descriptors, which may be over soon.
        """
        self._splitter, self._expected = splitter, expected
        self._silence = wait + patience
        self._second_look = min(patience / 2, _SECOND_LOOK_SECONDS)
        self._stopped = False
        self._complaint = b""
        try:
            self._process = Process(argv, env, complains=True)
        except OSError as exc:
            raise errors.from_os_error("iostat cannot be started", exc) from exc

    def __iter__(self) -> Iterator[str]:
        seen = 0
        last = None
        for chunk in self._chunks():
            for text in self._splitter.feed(chunk):
                if self._stopped:
                    return
                seen += 1
                if seen < self._expected:
                    yield text
                    self._await_report()
                elif last is None:
                    last = text
                    self._deadline, self._looks_left = time.monotonic() + _EXIT_SECONDS, 0
        if last is not None:
            yield last + self._splitter.tail()
        elif not self._stopped:
            self._explain()

    def _chunks(self) -> Iterator[bytes]:
        """Give what iostat writes, until it closes its output or is silent for too long."""
        assert self._process.stderr
        self._await_report()
        with _selector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            selector.register(self._process.stderr, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(max(self._deadline - time.monotonic(), 0)):
                    data = os.read(key.fd, 65_536)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fd == self._process.stdout:
                        yield data
                    else:
                        self._complaint = (self._complaint + data)[:_STDERR_BYTES]
                if time.monotonic() >= self._deadline and not self._look_again():
                    return

    def _await_report(self) -> None:
        """Set the time of the first look at an iostat that writes no report."""
        self._deadline = time.monotonic() + self._silence - self._second_look
        self._looks_left = 1

    def _look_again(self) -> bool:
        """Give a silent iostat its second look, if it has one left; tell whether it had."""
        if not self._looks_left:
            return False
        self._looks_left = 0
        self._deadline = time.monotonic() + self._second_look
        return True

    def _explain(self) -> None:
        """Raise the error of an iostat that ended, or fell silent, before its last report."""
        # It may have closed its output and still be alive.
        until = max(self._deadline, time.monotonic()) + self._looks_left * self._second_look
        status = self._process.wait(until)
        if status is None:
            raise errors.Silent(f"iostat wrote no report for {self._silence:g} s.")
        if status > 0:
            said = self._complaint.decode("utf-8", "backslashreplace").strip()
            raise errors.MachineFailed(
                f"iostat ended with status {status}: {said or 'it said nothing'}"
            )
        # SIGINT makes iostat exit with 0 and too few reports; other signals give a status below 0.
        raise errors.Killed

    def stop(self) -> None:
        """Kill iostat now. No report follows, not even one that it had already written."""
        self._stopped = True
        self._process.kill()

    def __enter__(self) -> Self:
        self._process.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stopped = True
        self._process.__exit__(*raised)
