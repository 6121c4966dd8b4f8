"""The use case of workers: take a hint, claim its task, and measure for as long as allowed."""

import logging

from chalicelib import errors, log
from chalicelib.clock import Clock
from chalicelib.comparison import Comparison
from chalicelib.measure.model import Machine
from chalicelib.settings import Settings
from chalicelib.tasks import hint, lease, run, uptimes
from chalicelib.tasks.keeper import Keeper, Stop, why_refused
from chalicelib.tasks.model import What
from chalicelib.tasks.ports import Dispatcher, Refused, Store
from chalicelib.tasks.run import Run

#: Seconds before the end of an invocation at which a run hands over.
_MARGIN_SECONDS = 30


class Worker:
    """Deals with the messages of the queue."""

    def __init__(
        self,
        *,
        store: Store,
        dispatcher: Dispatcher,
        machine: Machine,
        keeper: Keeper,
        clock: Clock,
        comparison: Comparison,
        settings: Settings,
        host: str | None = None,
    ) -> None:
        """`host` is the name that was issued to this machine, if it has one."""
        self._host = host
        self._store, self._dispatcher, self._machine = store, dispatcher, machine
        self._keeper, self._clock, self._settings = keeper, clock, settings
        self._comparison = comparison

    @property
    def problem(self) -> str | None:
        """A sentence that says why this worker takes no work; None if it does."""
        return self._comparison.problem(lease.most_off(self._settings))

    def take(self, body: str, *, seconds: float = float("inf")) -> None:
        """Deal with the body of a message; the invocation has `seconds` left.

        The message may be acknowledged when this returns. That includes a message that cannot be
        read: its task, if there is one, gets another hint from the sweeper. Raises Outage if the
        message must come again.
        """
        try:
            task_id = hint.decode(body)
        except errors.BadMessage as bad:
            log.event("message not read", level=logging.WARNING, why=str(bad))
        else:
            self.work(task_id, seconds=seconds - _MARGIN_SECONDS)

    def work(self, task_id: str, *, seconds: float = float("inf")) -> None:
        """Claim a task, measure for at most `seconds`, and hand the rest over.

        Raises ClockOff, Outage.
        """
        if problem := self.problem:
            raise errors.ClockOff(problem)
        began = self._clock.monotonic()
        try:
            ours = run.claim(
                task_id,
                name=self._host,
                host=self._machine.name,
                source=self._machine.source,
                store=self._store,
                clock=self._clock,
                settings=self._settings,
            )
        except Refused as refused:
            # A duplicate or a late hint: the task has ended, is gone, or another run has it.
            state = refused.old.state if refused.old else None
            log.event("hint not needed", task_id=task_id, state=state)
            return
        log.event(
            "run began",
            task_id=task_id,
            run=ours.task.run,
            host=ours.task.host,
            attempt=ours.task.failures + 1,
            first=ours.task.done,
        )
        outcome = self._outcome(ours, began + min(self._settings.segment_seconds, seconds))
        log.event(
            "run ended",
            task_id=task_id,
            run=ours.task.run,
            outcome=outcome,
            done=ours.task.done,
            seconds=round(self._clock.monotonic() - began, 3),
        )

    def _outcome(self, ours: Run, until: float) -> str:
        """Measure, write the outcome into the task, and give the outcome in a word or two."""
        try:
            return self._settle(ours, self._measure(ours, until))
        except Refused as refused:
            return why_refused(refused.old).name.lower()
        except errors.LeaseLost:
            return Stop.LOST.name.lower()

    def _settle(self, ours: Run, end: Stop | Exception | None) -> str:
        if ours.task.state.ended:
            return ours.task.state
        outcome, send = "handed over", True
        match end:
            case Stop.CANCELLED | Stop.LOST:
                return end.name.lower()
            case errors.MachineFailed():
                ours.fail(str(end))
            case errors.Killed():
                ours.fail_attempt(str(end))
                # The second attempt begins at once, further ones when the sweeper sends a hint.
                outcome, send = "failed", ours.task.failures == 1
            case _:
                ours.give_back()
        if ours.task.state.ended:
            return ours.task.state
        if send:
            hint.send(ours.task.task_id, ours.task.version, self._dispatcher)
        return outcome

    def _tell_uptime(self, ours: Run) -> errors.MachineFailed | None:
        """Store the uptime, which is the task's only report. Gives what went wrong."""
        try:
            ours.report(uptimes.tell(self._machine))
        except errors.MachineFailed as failed:
            return failed
        return None

    def _measure(self, ours: Run, until: float) -> Stop | Exception | None:
        """Store reports until the window ends, the time is up, or something stops it.

        Gives what stopped it: None if the window ended or the time is up.
        """
        window = ours.task.window
        if ours.task.what is What.UPTIME:
            return self._tell_uptime(ours)
        try:
            with (
                self._machine.open(window, first=ours.task.done) as feed,
                self._keeper.keep(ours, feed) as measurement,
            ):
                for text in feed:
                    ours.report(text)
                    if self._clock.monotonic() + window.wait > until:
                        return None
                return measurement.stopped
        except (errors.MachineFailed, errors.Killed) as failed:
            return failed
