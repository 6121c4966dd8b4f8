"""Why nobody begins a task."""

from chalicelib.hosts.attendance import Attendance
from chalicelib.tasks.model import State, Task

#: Seconds after which it is asked whether anybody works at all, when a task is not begun.
_PATIENCE = 10


def why(task: Task, now: float, attendance: Attendance | None) -> str | None:
    """Say why nobody begins a task that has waited for a while; None if that is not known.

    A task for a host waits for that host alone, and says until when. Raises Outage.
    """
    soon = now < task.created_at + _PATIENCE
    if task.state is not State.QUEUED or task.target or soon or attendance is None:
        return None
    return attendance.waiting()
