"""The messages of a poller from when they are received until they are acknowledged."""

import time
from typing import Any

from chalicelib import errors, log
from chalicelib.aws.sqs import Queue

#: The most messages of one ReceiveMessage, and of one acknowledgement.
BATCH = 10
#: Seconds after which a message is acknowledged although its window still lasts.
_IN_FLIGHT_SECONDS = 1


class Received:
    """A message that was received and is not acknowledged yet."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.message, self.since = message, time.monotonic()
        #: Whether its handling has ended, and whether it was dealt with.
        self.finished = self.dealt_with = False


class InFlight:
    """The messages of one queue that are not acknowledged yet. One thread changes it."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._received: list[Received] = []

    @property
    def finished(self) -> bool:
        """Whether the handling of every message has ended."""
        return all(it.finished for it in self._received)

    def add(self, message: dict[str, Any]) -> Received:
        """Note a message that was received now."""
        received = Received(message)
        self._received.append(received)
        return received

    def acknowledge(self, *, at_least: int) -> None:
        """Acknowledge, in batches of `at_least`, what is dealt with or in flight for long enough.

        A window may last longer than a message can stay in flight. The message is only a hint, so
        it is acknowledged early; the sweeper sends another if the window needs one. A message
        that could not be dealt with stays in the queue, comes again, and ends as a dead letter.
        """
        long_ago = time.monotonic() - _IN_FLIGHT_SECONDS
        ready: list[Received] = []
        waiting: list[Received] = []
        for it in self._received:
            # Read once: its handling may end at any moment.
            finished = it.finished
            if not finished or it.dealt_with:
                (ready if finished or it.since < long_ago else waiting).append(it)
        while len(ready) >= at_least:
            batch, ready = ready[:BATCH], ready[BATCH:]
            try:
                self._queue.acknowledge([it.message for it in batch])
            except errors.Outage as outage:
                log.event("messages not acknowledged", why=outage.why)
            except Exception:
                log.failure("messages not acknowledged")
        self._received = ready + waiting
