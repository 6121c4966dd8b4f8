"""Invariants: what must be true of every task at any moment."""

from chalicelib.tasks.model import Report, State, Task


class Invariants:
    """Checks each task against what was seen of it before."""

    def __init__(self, *, count: int, max_attempts: int) -> None:
        """Every window has `count` reports; `max_attempts` is the setting."""
        self._count, self._max_attempts = count, max_attempts
        #: Each task as it was seen last, and each report as it was first counted.
        self.known: dict[str, Task] = {}
        self.counted: dict[tuple[str, int], Report] = {}

    def check(self, task: Task, stored: list[Report]) -> None:
        """Check a task and its stored reports, and remember them for the next time."""
        self._check_task(task)
        self._check_reports(task, stored)
        self.known[task.task_id] = task

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
