"""What hosts have written of their tasks, which may be anything: what makes no sense is a FAILURE.

The credentials of a host let it write into its own tasks. If somebody has taken it over, that must
harm nobody who looks at a list or a group, and no sweep.
"""

from typing import get_args

from chalicelib.measure.model import Window
from chalicelib.tasks import silence, task_ids
from chalicelib.tasks.model import LOGIN_VERSION, Report, State, Task

#: No number that makes sense is larger.
_LARGEST = 1e11
#: The most characters of a text: an error quotes 500 bytes of iostat, and each one that is no text
#: takes four. And those of a text that is a report, as long as an item may be.
_LONGEST, _LONGEST_REPORT = 4000, 400_000
_NUMBERS = frozenset({int, float})


def _kinds(annotation: object) -> frozenset[type]:
    """Give the types that a field may have. A number with a point may also be a whole one."""
    found = frozenset(get_args(annotation) or (annotation,))
    return found | {int} if float in found else found


#: The types of each field, and the most characters that it may have.
_KINDS = [_kinds(annotation) for annotation in Task.__annotations__.values()]
_MOST = [_LONGEST_REPORT if name == "last" else _LONGEST for name in Task._fields]


def makes_sense(task: Task) -> bool:
    """Tell whether a task for a host can be as it is."""
    return (
        all(map(_fits, _KINDS, _MOST, task))
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


def _fits(kinds: frozenset[type], most: int, thing: object) -> bool:
    kind = type(thing)
    if kind not in kinds:
        return False
    if kind is str:
        return len(thing) <= most  # type: ignore[arg-type]
    # Neither infinity nor what is no number is in between.
    return kind not in _NUMBERS or 0 <= thing <= _LARGEST  # type: ignore[operator]
