"""The processes of the host: ``uptime`` and ``iostat``, run and ended."""

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Self

from chalicelib import errors
from chalicelib.measure import splitter as reports

#: Bytes of stderr that are quoted when iostat refuses.
_STDERR_BYTES = 500
#: Seconds that ``uptime`` may take, and iostat to exit after its last report.
_COMMAND_SECONDS, _EXIT_SECONDS = 5, 1


def uptime(command: str, env: dict[str, str]) -> str:
    """What the command prints, stripped. Raises MachineFailed."""
    try:
        process = subprocess.Popen(
            [command],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as exc:
        raise errors.MachineFailed(f"uptime cannot be had: {exc}") from exc
    # Popen's own timeouts look again and again, half a millisecond and more apart.
    limit, began = threading.Timer(_COMMAND_SECONDS, _kill, [process]), time.monotonic()
    with process:
        limit.start()
        try:
            assert process.stdout
            said = process.stdout.read()
            status = process.wait()
        finally:
            limit.cancel()
    if time.monotonic() - began >= _COMMAND_SECONDS:
        raise errors.MachineFailed(f"uptime cannot be had: it took more than {_COMMAND_SECONDS} s.")
    if status:
        raise errors.MachineFailed(f"uptime cannot be had: it ended with status {status}.")
    return said.decode("utf-8", "backslashreplace").strip()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process that nobody has waited for yet, with all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _selector() -> selectors.BaseSelector:
    try:
        return selectors.DefaultSelector()
    except OSError as exc:
        raise errors.from_os_error("iostat cannot be read", exc) from exc


class Iostat:
    """A running iostat; see `ports.Feed`."""

    def __init__(
        self,
        argv: list[str],
        env: dict[str, str],
        splitter: reports.Splitter,
        expected: int,
        silence: float,
    ) -> None:
        self._splitter, self._expected, self._silence = splitter, expected, silence
        self._stopped = False
        self._complaint = b""
        try:
            self._process = subprocess.Popen(
                argv,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
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
                    self._deadline = time.monotonic() + self._silence
                elif last is None:
                    last = text
                    self._deadline = time.monotonic() + _EXIT_SECONDS
        if last is not None:
            yield last + self._splitter.tail()
        elif not self._stopped:
            self._explain()

    def _chunks(self) -> Iterator[bytes]:
        """What iostat writes, until it closes its output or keeps silent for too long."""
        assert self._process.stdout
        assert self._process.stderr
        self._deadline = time.monotonic() + self._silence
        with _selector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            selector.register(self._process.stderr, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(max(self._deadline - time.monotonic(), 0)):
                    data = os.read(key.fd, 65_536)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self._process.stdout:
                        yield data
                    else:
                        self._complaint = (self._complaint + data)[:_STDERR_BYTES]
                if time.monotonic() >= self._deadline:
                    return

    def _explain(self) -> None:
        """Raise what is wrong with an iostat that ended, or was silent, before its time."""
        try:
            # It may have closed its output and live on.
            status = self._process.wait(max(self._deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired as late:
            raise errors.MachineFailed(f"iostat wrote no report for {self._silence:g} s.") from late
        if status > 0:
            said = self._complaint.decode("utf-8", "backslashreplace").strip()
            raise errors.MachineFailed(f"iostat ended with status {status}: {said or 'no word'}")
        # SIGINT makes it exit with 0 and fewer reports, other signals show.
        raise errors.Killed

    def stop(self) -> None:
        """End iostat now, from any thread; the reports that are out are all there will be."""
        self._stopped = True
        if self._process.poll() is None:
            _kill(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe
            pipe.close()
