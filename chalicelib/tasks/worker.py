"""The worker: takes a hint, and measures the window that it names for as long as it may."""

import logging

from chalicelib import errors, log
from chalicelib.aws import sqs as dispatch
from chalicelib.settings import Settings
from chalicelib.tasks import run
from chalicelib.tasks.keeper import Keeper, Stop, why_lost
from chalicelib.tasks.ports import Clock, Dispatcher, Machine, Refused, Store
from chalicelib.tasks.run import Run

#: Seconds before the end of an invocation that a run hands over.
_MARGIN_SECONDS = 30


class Worker:
    """What the queue's function does; HTTP and SQS are two doors to the same tasks."""

    def __init__(
        self,
        *,
        store: Store,
        dispatcher: Dispatcher,
        host: Machine,
        leases: Keeper,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._store, self._dispatcher, self._host = store, dispatcher, host
        self._leases, self._clock, self._settings = leases, clock, settings

    def take(self, body: str, *, seconds: float = float("inf")) -> None:
        """Deal with a message, in an invocation that has so many `seconds` left.

        Returning acknowledges it. A message that cannot be read is acknowledged, too: the task,
        if there is one, is still on the sweeper's list. Raises Outage where it must come again.
        """
        try:
            task_id = dispatch.decode(body)
        except errors.BadMessage as bad:
            log.event("message not read", level=logging.WARNING, why=str(bad))
        else:
            self.work(task_id, seconds=seconds - _MARGIN_SECONDS)

    def work(self, task_id: str, *, seconds: float = float("inf")) -> None:
        """Run a task for at most `seconds`, and leave the rest to another run. Raises Outage."""
        began = self._clock.monotonic()
        try:
            mine = run.claim(
                task_id,
                host=self._host.name,
                source=self._host.source,
                store=self._store,
                clock=self._clock,
                settings=self._settings,
            )
        except Refused as refused:
            # A duplicate, or late: it has ended, is gone, or somebody holds it.
            state = refused.old.state if refused.old else None
            log.event("hint not needed", task_id=task_id, state=state)
            return
        log.event(
            "run began",
            task_id=task_id,
            run=mine.task.run,
            attempt=mine.task.failures + 1,
            first=mine.task.done,
        )
        outcome = self._outcome(mine, began + min(self._settings.segment_seconds, seconds))
        log.event(
            "run ended",
            task_id=task_id,
            run=mine.task.run,
            outcome=outcome,
            done=mine.task.done,
            seconds=round(self._clock.monotonic() - began, 3),
        )

    def _outcome(self, mine: Run, until: float) -> str:
        """Measure, write what follows from how that ended, and say it in a word."""
        try:
            return self._settle(mine, self._measure(mine, until))
        except Refused as refused:
            return why_lost(refused.old).name.lower()
        except errors.LeaseLost:
            return Stop.LOST.name.lower()

    def _settle(self, mine: Run, end: Stop | Exception | None) -> str:
        if mine.task.state.ended:
            return mine.task.state
        match end:
            case Stop.CANCELLED | Stop.LOST:
                return end.name.lower()
            case errors.MachineFailed():
                mine.fail(str(end))
            case errors.Killed():
                mine.fail_attempt(str(end))
            case _:
                mine.give_back()
        if mine.task.state.ended:
            return mine.task.state
        if mine.task.failures > 1:
            # Once more is tried at once; what goes on failing waits for the sweeper.
            return "failed"
        self._send(mine.task.task_id)
        return "failed" if mine.task.failures else "handed over"

    def _measure(self, mine: Run, until: float) -> Stop | Exception | None:
        """Keep reports until the window, the time or the iostat is over; give what stopped it."""
        window = mine.task.window
        try:
            with (
                self._host.open(window, first=mine.task.done) as feed,
                self._leases.hold(mine, feed) as hold,
            ):
                for text in feed:
                    mine.report(text)
                    if self._clock.monotonic() + window.wait > until:
                        return None
                return hold.stopped
        except (errors.MachineFailed, errors.Killed) as failed:
            return failed

    def _send(self, task_id: str) -> None:
        try:
            self._dispatcher.send(task_id)
        except errors.Outage as outage:
            log.event("hint not sent", level=logging.WARNING, task_id=task_id, why=str(outage))
