"""Invariants: what must be true of every task at any moment."""

from chalicelib.settings import Settings
from chalicelib.tasks.model import Report, State, Task

#: Seconds by which the clocks of the tests may differ; the margins of a lease allow for more.
SKEW = 4
#: The longest time in seconds after which the sweeper looks at an open task again.
_HOUR = 3600


class Invariants:
    """Checks each task against what was seen of it before."""

    def __init__(self, *, count: int, settings: Settings) -> None:
        """Every window has `count` reports."""
        self._count, self._max_attempts = count, settings.max_attempts
        self._lease = settings.lease_seconds
        #: What was wrong with a write. Whoever wrote may go on after an error, so it is kept here.
        self.broken: list[AssertionError] = []
        #: Each task as it was seen last, and each report as it was first counted.
        self.known: dict[str, Task] = {}
        self.counted: dict[tuple[str, int], Report] = {}

    def check(self, task: Task, stored: list[Report]) -> None:
        """Check a task and its stored reports, and remember them for the next time."""
        self._check_task(task)
        self._check_reports(task, stored)
        self.known[task.task_id] = task

    def check_write(
        self, before: Task, after: Task, now: float, *, judged: bool, by_sweeper: bool
    ) -> None:
        """Check a write that took effect at the true time `now`.

        If it is not `judged`, the clock of its worker may be wrong by years.
        """
        try:
            if after.token != before.token:
                assert after.run == before.run + 1
                assert not judged or before.state is State.QUEUED or self.is_free(before, now)
            elif after.state is State.STARTED and after.lease_until:
                # What was given back stays so. A lease only grows in its run; but a report may
                # shorten it after a clock was ahead, for it counts from what is stored.
                assert before.lease_until > 0
                assert before.lease_until <= after.lease_until or before.done < after.done
            if by_sweeper:
                # Somebody else may have looked after it since the sweeper has read it.
                assert before.due_at is not None
                assert not 0 < before.due_at - now <= _HOUR
        except AssertionError as wrong:
            self.broken.append(wrong)

    def is_free(self, task: Task, now: float) -> bool:
        """Tell whether another worker may go on with a task that was begun.

        The lease was given back, or it has run out, or it is longer than any lease can be.
        """
        # Others wait for a tenth of a lease, by their own clocks.
        margin = self._lease / 10 - SKEW
        return task.lease_until == 0 or not -margin <= task.lease_until - now <= (
            2 * self._lease - SKEW
        )

    def _check_task(self, task: Task) -> None:
        before = self.known.get(task.task_id, task)
        assert not before.state.ended or task == before
        assert task.state is not State.QUEUED or before.state is State.QUEUED
        assert task.run >= before.run
        assert before.done <= task.done <= self._count
        assert task.failures <= self._max_attempts
        assert (task.due_at is None) == task.state.ended == (task.expires_at is not None)
        assert (task.error is not None) == (task.state is State.FAILURE)
        assert task.state is not State.SUCCESS or task.done == self._count
        assert task.state is not State.QUEUED or (task.run, task.done) == (0, 0)

    def _check_reports(self, task: Task, stored: list[Report]) -> None:
        last = [task.last_report] if task.last_report else []
        reports = stored[: task.done - len(last)] + last
        assert [report.index for report in reports] == list(range(task.done))
        runs = [report.run for report in reports]
        assert runs == sorted(runs)
        for report in reports:
            assert self.counted.setdefault((task.task_id, report.index), report) == report
