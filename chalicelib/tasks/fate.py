"""What becomes of an open task that nobody works on: it waits, gets a hint, or has failed."""

from chalicelib.hosts.model import Host, HostState
from chalicelib.settings import Settings
from chalicelib.tasks import lease, model, run, silence
from chalicelib.tasks.model import State, Task

#: The longest time in seconds between two hints for a task that nobody claims.
_MAX_GAP = 3600
#: Enough doublings to reach the longest gap, too few to overflow a float.
_MOST_DOUBLINGS = 64
#: A name is free 65 s after its removal. So a host that was added that long after a task is another
#: one; a little less shows only that two clocks differ.
_ADDED_AFTER = 60
_HOUR = 3600


def is_due(task: Task, now: float, settings: Settings) -> bool:
    """Tell whether somebody must look after a task now, or a clock was wrong about when."""
    most_ahead = _MAX_GAP + settings.sweep_seconds + lease.MOST * settings.lease_seconds
    return task.due_at is not None and not now < task.due_at <= now + most_ahead


def is_away(task: Task, host: Host | None, now: float) -> bool:
    """Tell whether a task is for a host that is not online. `host` is None for one removed."""
    if task.target is None:
        return False
    if host is None or _is_of_another(task, host, now):
        return True
    return host.state(now) is not HostState.ONLINE


def waits_in_vain(task: Task, host: Host | None, now: float) -> bool:
    """Tell whether a task waits for a host that is not online."""
    leased = task.state is State.STARTED and task.lease_until > 0
    return task.due_at is not None and not leased and is_away(task, host, now)


def why_failed(task: Task, host: Host | None, now: float, settings: Settings) -> str | None:
    """Say in a sentence why nobody shall work on a task any more, None if somebody shall."""
    if task.target and (host is None or _is_of_another(task, host, now)):
        return silence.removed(task.target)
    if now > task.done_by:
        return model.LATE
    if task.state is State.QUEUED and (why := _why_not_begun(task, host, now, settings)):
        return why
    if lease.lapsed(task, now, settings) and task.failures + 1 >= settings.max_attempts:
        return run.why_lost(task)
    return None


def _why_not_begun(task: Task, host: Host | None, now: float, settings: Settings) -> str | None:
    """Say why a task that nobody has begun may not begin any more, None if it may."""
    if host and task.start_by is not None:
        late = now > task.start_by
        return silence.not_begun(host, task.start_by - task.created_at, now) if late else None
    within = settings.start_within
    late = now > task.created_at + within
    return f"No worker began it within {within / _HOUR:g} hours." if late else None


def hinted(task: Task, now: float, settings: Settings) -> Task:
    """Give the task with its next hint: each gap is twice as long as the one before."""
    doublings = min(task.hints + 1, _MOST_DOUBLINGS)
    gap = min(settings.sweep_seconds * 2**doublings, _MAX_GAP)
    due_at = now + gap
    if task.state is State.QUEUED and task.start_by is not None:
        due_at = min(due_at, task.start_by)
    return task._replace(hints=task.hints + 1, due_at=due_at)


def _is_of_another(task: Task, host: Host, now: float) -> bool:
    """Tell whether a task is for a host that was removed, whose name is another one's now.

    A host that will be added only later shows no more than a clock that was ahead then.
    """
    return task.created_at + _ADDED_AFTER < (host.added_at or 0) <= now
