"""What hosts have written of their tasks, which may be anything: what makes no sense is a FAILURE.

The credentials of a host let it write into its own tasks. If somebody has taken it over, that must
harm nobody who looks at a list or a group, and no sweep.
"""

import math
from typing import get_args

from chalicelib.measure.model import Window
from chalicelib.tasks import silence, task_ids
from chalicelib.tasks.model import LOGIN_VERSION, Report, State, Task

#: No number that makes sense is larger.
_LARGEST = 1e11
#: The most characters of a text, but for that of a report.
_LONGEST = 2000


def makes_sense(task: Task) -> bool:
    """Tell whether a task for a host can be as it is."""
    return (
        all(_fits(name, thing) for name, thing in task._asdict().items())
        and task.target == task_ids.host_of(task.task_id)
        and task.start_by is not None
        and (task.group_id is None or task_ids.is_uuid(task.group_id))
        and 0 <= task.done <= task.window.count
        and all(1 <= it <= _LARGEST for it in (task.window.count, task.window.wait))
        and (task.state.ended or task.due_at is not None)
        and (task.state is not State.FAILURE or task.error is not None)
    )


def is_report(report: Report) -> bool:
    """Tell whether a report of a host can be as it is."""
    at = report.at
    return isinstance(report.text, str) and (type(at) is float and 0 <= at <= _LARGEST)


def nonsense(task_id: str, *, created_at: float = 0, owner: str | None = None) -> Task:
    """Give what takes the place of a task that makes no sense."""
    host = task_ids.host_of(task_id) or ""
    return Task(
        task_id=task_id,
        version=LOGIN_VERSION,
        window=Window(1, 1),
        created_at=created_at,
        owner=owner,
        state=State.FAILURE,
        target=host,
        start_by=created_at,
        error=silence.nonsense(host),
    )


def _fits(name: str, thing: object) -> bool:
    kind = Task.__annotations__[name]
    kinds = get_args(kind) or (kind,)
    if type(thing) not in kinds and not (float in kinds and type(thing) is int):
        return False
    if isinstance(thing, int | float):
        return math.isfinite(thing) and 0 <= thing <= _LARGEST
    return name == "last" or not isinstance(thing, str) or len(thing) <= _LONGEST
