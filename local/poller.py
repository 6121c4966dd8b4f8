"""The poller: takes messages off the queue, and has each one dealt with on a thread."""

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib import errors, log
from chalicelib.aws.sqs import Queue
from local import pace
from local.in_flight import BATCH, InFlight, Received
from local.pace import Pace
from local.trouble import Trouble

#: Seconds between two looks for a free slot, and the fewest between two calls while no work may be
#: taken.
_POLL_RETRY_SECONDS = 1
#: Seconds after which a poller whose slots are all taken asks whether the queue is still there.
_REACH_SECONDS = 20
#: Seconds after which a poller that waits notices that it is to leave.
_LOOK_SECONDS = 0.2

#: Seconds in which messages are gathered behind a batch that was not full. To ask again at once
#: takes time from those who deal with the batch. A message that comes then is that much later.
_GATHER_SECONDS = 0.01

#: Deals with the body of a message. It raises if the message must come again.
Take = Callable[[str], object]


class Poller:
    """Takes as many messages as it has free slots, and handles each on a thread of its own."""

    def __init__(
        self,
        queue: Queue,
        take: Take,
        *,
        slots: int,
        problem: Callable[[], str | None] = lambda: None,
        answered: Callable[[], object] = lambda: None,
        failed: Callable[[], object] = lambda: None,
        due_in: Callable[[], float] = lambda: math.inf,
        pace: Pace = pace.LOCAL,
    ) -> None:
        """`problem` says why no work may be taken now, None if it may.

        `answered` is called on the poller's own thread each time that the queue has answered. So
        it tells that this poller works, whether it takes messages at the moment or not. `failed`
        is called when the queue has not answered. `due_in` gives the seconds after which an answer
        is needed, so that `answered` is called in time.
        """
        self._failed, self._due_in, self._pace = failed, due_in, pace
        #: Failures in a row, and whether the queue is being asked for messages.
        self._failures, self._receiving = 0, False
        self._queue, self._take, self._problem = queue, take, problem
        self._answered = answered
        #: When an answer is asked for that no message needs.
        self._reach_at = time.monotonic() + _REACH_SECONDS
        # The queue of a new host is made after its worker has begun: that is no trouble.
        self._missing = Trouble("waiting for the queue", "queue made", level=logging.INFO)
        self._silence = Trouble("queue not reached", "queue reached again")
        self._rest = Trouble("no work is taken", "work is taken again")
        self._free = threading.Semaphore(slots)
        self._pool = ThreadPoolExecutor(max_workers=slots, thread_name_prefix="window")
        self._in_flight = InFlight(queue)
        #: Whether it takes no more messages.
        self.leaving = False
        #: Whether no window is measured here any more.
        self.handed_over = False

    def run(self) -> None:
        """Poll until `leave`. Returns when every message is dealt with and acknowledged."""
        self._pause(self._pace.before())
        # A worker takes its name by the first answer. If that is a new name, its queue is made
        # when it does not answer.
        if not self._reach():
            self._reach()
        while not self.leaving:
            if self._rests():
                continue
            slots = self._reserve()
            messages = self._receive(slots)
            for message in messages:
                self._begin(message)
            for _ in range(slots - len(messages)):
                self._free.release()
            if 0 < len(messages) < slots:
                time.sleep(_GATHER_SECONDS)
            # While there is other work, acknowledge whole batches only.
            self._in_flight.acknowledge(at_least=BATCH if messages else 1)
        self._pool.shutdown()
        self.handed_over = True
        self._in_flight.acknowledge(at_least=1)

    def leave(self) -> None:
        """Take no more messages. Signal handlers call this, so it may only set a flag."""
        self.leaving = True

    @property
    def idle(self) -> bool:
        """Whether it only waits for messages, and nothing is measured here."""
        return self._receiving and self._in_flight.finished

    def _reserve(self) -> int:
        """Take free slots, at least one and at most a batch; none if it is time to leave."""
        while not self._free.acquire(timeout=_POLL_RETRY_SECONDS):
            self._in_flight.acknowledge(at_least=1)
            if self.leaving:
                return 0
            due = not self._failures and self._due_in() <= 0
            if due or time.monotonic() >= self._reach_at:
                self._reach()
        slots = 1
        while slots < BATCH and self._free.acquire(blocking=False):
            slots += 1
        return slots

    def _receive(self, most: int) -> list[dict[str, Any]]:
        if self.leaving:
            return []
        try:
            messages = self._poll(most)
            self._heard()
            if not self.leaving and not self._problem():
                return messages
            # They came after `leave`, or with the news of a problem. Some may be our own
            # hand-overs, meant for other workers.
            self._put_back(messages)
        except errors.Outage as outage:
            self._missed(outage)
            self._pause(self._until_next_try())
        except Exception:
            log.failure("queue not polled")
            self._missed()
            self._pause(self._until_next_try())
        return []

    def _poll(self, most: int) -> list[dict[str, Any]]:
        """Wait for messages, but not for longer than until an answer is needed."""
        seconds = math.ceil(max(min(self._due_in(), self._pace.poll), 1))
        self._receiving = True
        try:
            return self._queue.receive(most, seconds)
        finally:
            self._receiving = False

    def _until_next_try(self) -> float:
        """Give the seconds until the next try: more after each failure, and by chance."""
        return self._pace.after(self._failures)

    def _pause(self, seconds: float) -> None:
        """Wait, but not for longer than until it is time to leave."""
        until = time.monotonic() + seconds
        while not self.leaving and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))

    def _rests(self) -> bool:
        """Tell whether no work may be taken now. Say why, and ask the cloud once more."""
        problem = self._problem()
        if problem is None:
            self._rest.ends()
            return False
        self._rest.lasts(problem)
        self._in_flight.acknowledge(at_least=1)
        if self._failures:
            self._pause(self._until_next_try())
        else:
            self._pause(max(min(self._due_in(), self._pace.rest), _POLL_RETRY_SECONDS))
        self._reach()
        return True

    def _reach(self) -> bool:
        """Ask for the queue: a short call, whose answer has a Date. Tell whether it came."""
        try:
            self._queue.reach()
        except errors.Outage as outage:
            self._missed(outage)
            return False
        except Exception:
            # Such as an answer that denies it: the credentials may be good again later.
            log.failure("queue not reached")
            self._missed()
            return False
        self._heard()
        return True

    def _heard(self) -> None:
        self._failures, self._reach_at = 0, time.monotonic() + _REACH_SECONDS
        self._missing.ends()
        self._silence.ends()
        _tell(self._answered)

    def _missed(self, outage: errors.Outage | None = None) -> None:
        """Note that the queue has not answered, and say why if an outage says it."""
        self._failures += 1
        self._reach_at = time.monotonic() + self._until_next_try()
        if outage:
            missing = isinstance(outage, errors.NoQueue)
            (self._missing if missing else self._silence).lasts(outage.why)
        _tell(self._failed)

    def _begin(self, message: dict[str, Any]) -> None:
        received = self._in_flight.add(message)
        try:
            self._pool.submit(self._handle, received)
        except RuntimeError:
            # No thread can be started now. The pool has queued it for a thread that gets free;
            # until one takes it, it is not acknowledged.
            received.since = math.inf
            log.failure("thread not started")

    def _put_back(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            try:
                self._queue.put_back(message)
            except errors.Outage as outage:
                log.event("message not put back", why=outage.why)

    def _handle(self, received: Received) -> None:
        """Have one message dealt with."""
        try:
            self._take(received.message["Body"])
        except errors.Outage as outage:
            log.event("message not dealt with", why=outage.why)
        except Exception:
            log.failure("message not dealt with")
        else:
            received.dealt_with = True
        finally:
            received.finished = True
            self._free.release()


def _tell(listener: Callable[[], object]) -> None:
    """Tell of an answer or a failure. Whatever comes of that, polling goes on."""
    try:
        listener()
    except Exception:
        log.failure("answer of the queue not dealt with")
