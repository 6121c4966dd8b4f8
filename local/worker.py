"""The worker as a process of its own: polls the queue and feeds the function real SQS events."""

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError
from chalice.local import LambdaContext

from chalicelib import bootstrap, errors, log
from chalicelib.aws import client as aws
from chalicelib.aws.sqs import SqsDispatcher
from local import lifeline, stage, sweeper

#: Seconds of one long poll: moto hands a message to a client that died in a longer one.
_POLL_SECONDS = 2
#: What ReceiveMessage gives at once.
_BATCH = 10
_RETRY_SECONDS = 1
#: Seconds after which a message is taken off the queue whose window still lasts.
_IN_HAND_SECONDS = 1
#: Files that a worker may open, if the system lets it; macOS takes no more.
_DESCRIPTORS = 10_240
#: Seconds after which a signal is heard.
_LOOK_SECONDS = 0.1
#: Milliseconds that a run may take, as far as Lambda is concerned: a year, for it is not there.
_NO_LIMIT = 365 * 86_400_000
#: Seconds between SIGTERM and the end, at most.
_LEAVE_SECONDS = 4.8
#: Seconds after a first signal in which another is taken for the same.
_TWICE_SECONDS = 0.5

Function = Callable[[dict[str, Any], Any], Any]
#: A message, the monotonic time since when it is in hand, and whether it was dealt with.
_Held = tuple[float, dict[str, Any], Future[bool]]


class Poller:
    """Takes as many messages as it has free slots, each on a thread of its own."""

    def __init__(self, queue: SqsDispatcher, function: Function, *, slots: int) -> None:
        self._queue, self._function = queue, function
        self._free = threading.Semaphore(slots)
        self._pool = ThreadPoolExecutor(max_workers=slots, thread_name_prefix="window")
        #: What is in hand and still on the queue.
        self._held: list[_Held] = []
        #: Whether no more messages are taken.
        self.leaving = False

    def run(self) -> None:
        """Poll until `leave`; returns when every message in hand is dealt with."""
        while not self.leaving:
            slots = self._reserve()
            messages = self._receive(slots)
            for message in messages:
                self._begin(message)
            for _ in range(slots - len(messages)):
                self._free.release()
            # Whole batches, as long as there is something else to do.
            self._acknowledge(at_least=_BATCH if messages else 1)
        self._pool.shutdown()

    def leave(self) -> None:
        """Take no more messages. A signal may come at any time: only a flag is safe to set."""
        self.leaving = True

    def _reserve(self) -> int:
        """Free slots, at least one and at most a batch, or none when it is time to leave."""
        while not self._free.acquire(timeout=_RETRY_SECONDS):
            self._acknowledge(at_least=1)
            if self.leaving:
                return 0
        slots = 1
        while slots < _BATCH and self._free.acquire(blocking=False):
            slots += 1
        return slots

    def _receive(self, most: int) -> list[dict[str, Any]]:
        if self.leaving:
            return []
        try:
            messages = self._queue.receive(most, _POLL_SECONDS)
            if not self.leaving:
                return messages
            # They came while this worker was told to leave, its own hand-overs perhaps among them.
            self._put_back(messages)
        except errors.Outage as outage:
            log.event("queue not polled", why=str(outage), at=os.environ.get("AWS_ENDPOINT_URL"))
            time.sleep(_RETRY_SECONDS)
        except Exception:
            log.failure("queue not polled")
            time.sleep(_RETRY_SECONDS)
        return []

    def _acknowledge(self, *, at_least: int) -> None:
        """Take off the queue what was dealt with, and what has been in hand for a while: a
        window may last longer than a message, which is a hint, and the sweeper makes others.

        What failed stays there, comes again, and is a dead letter in the end. The next poll
        waits for this one.
        """
        long_ago = time.monotonic() - _IN_HAND_SECONDS
        ready: list[_Held] = []
        held: list[_Held] = []
        for since, message, done in self._held:
            finished = done.done()
            if not finished or done.result():
                may_go = finished or since < long_ago
                (ready if may_go else held).append((since, message, done))
        while len(ready) >= at_least:
            batch, ready = ready[:_BATCH], ready[_BATCH:]
            try:
                self._queue.acknowledge([message for _, message, _ in batch])
            except errors.Outage as outage:
                log.event("messages not acknowledged", why=str(outage))
            except Exception:
                log.failure("messages not acknowledged")
        self._held = ready + held

    def _begin(self, message: dict[str, Any]) -> None:
        try:
            done = self._pool.submit(self._handle, message)
        except RuntimeError:
            # No thread for it now; it is in the pool's own line until there is one.
            log.failure("thread not started")
        else:
            self._held.append((time.monotonic(), message, done))

    def _put_back(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            try:
                self._queue.put_back(message)
            except errors.Outage as outage:
                log.event("message not put back", why=str(outage))

    def _handle(self, message: dict[str, Any]) -> bool:
        """Feed a message to the function; give whether it was dealt with."""
        try:
            self._function(event(message), LambdaContext("run_iostat", 128, _NO_LIMIT))
        except errors.Outage as outage:
            log.event("message not dealt with", why=str(outage))
        except Exception:
            log.failure("message not dealt with")
        else:
            return True
        finally:
            self._free.release()
        return False


def _late() -> None:
    """End a worker that cannot leave in time; what it held is taken over when its leases end."""
    log.event("worker ended late")
    os._exit(1)


def event(message: dict[str, Any]) -> dict[str, Any]:
    """The event that Lambda makes of a message."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message.get("Attributes", {}),
                "messageAttributes": message.get("MessageAttributes", {}),
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:local",
                "awsRegion": "us-east-1",
            }
        ]
    }


def _allow_descriptors() -> None:
    """Let this process open more files: a window takes three, and many systems begin with few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> int:
    """Work until SIGTERM or SIGINT; a second one ends at once. Give the exit code."""
    try:
        stage.enter()
        settings = bootstrap.settings()
        bootstrap.worker()
    except (ValueError, BotoCoreError) as wrong:
        sys.exit(f"hoststat: {wrong}")
    if aws.session().get_credentials() is None:
        sys.exit("hoststat: There are no AWS credentials.")
    import app

    _allow_descriptors()
    poller = Poller(bootstrap.poller(), app.run_iostat, slots=settings.concurrency)

    def leave(*_: object) -> None:
        # Who ends a whole process group ends it twice: make hands the signal on.
        at_once_from = time.monotonic() + _TWICE_SECONDS
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: time.monotonic() < at_once_from or os._exit(1))
        poller.leave()
        threading.Thread(target=bootstrap.leases().leave, daemon=True).start()
        deadline = threading.Timer(_LEAVE_SECONDS, _late)
        deadline.daemon = True
        deadline.start()

    signal.signal(signal.SIGTERM, leave)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, leave)
    lifeline.hold()
    threading.Thread(target=sweeper.loop, name="sweeper", daemon=True).start()
    # Not on this thread: it must be free to hear signals, however long the cloud keeps silent.
    polling = threading.Thread(target=poller.run, name="poller")
    polling.start()
    log.event("worker began", slots=settings.concurrency)
    while polling.is_alive():
        polling.join(_LOOK_SECONDS)
    log.event("worker ended")
    return 0 if poller.leaving else 1


if __name__ == "__main__":
    sys.exit(main())
