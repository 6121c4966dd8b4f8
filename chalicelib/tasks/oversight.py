"""What operators do with the tasks of every version: see those that are open, cancel one."""

import contextlib
import heapq
import itertools

from chalicelib import errors, log
from chalicelib.tasks import model
from chalicelib.tasks.model import Task
from chalicelib.tasks.ports import Store
from chalicelib.tasks.service import TaskService

#: Tasks that are read at once.
_BATCH = 100
#: A time after all others, in seconds since the epoch.
_FOR_EVER = 1e12


def open_tasks(store: Store, limit: int) -> tuple[list[Task], bool]:
    """Give at most `limit` tasks of any version that have not ended, the oldest first.

    Also tell whether there are more. Raises Outage.
    """
    places = heapq.merge(*(store.unended(version, None) for version in model.VERSIONS))
    of_the_release_before = store.due(_FOR_EVER)
    listed = itertools.chain(of_the_release_before, (place.task_id for place in places))
    found: list[Task] = []
    while len(found) <= limit and (ids := list(itertools.islice(listed, _BATCH))):
        found += [task for task in store.get_many(ids) if not task.state.ended]
    found.sort(key=lambda task: task.created_at)
    return found[:limit], len(found) > limit


def cancel(service: TaskService, task_id: str) -> None:
    """Revoke a task of any version, as `service` does. Raises NoSuchTask, TaskEnded, Outage."""
    for version in model.VERSIONS:
        with contextlib.suppress(errors.NoSuchTask):
            return service.cancel(version, task_id, by=log.OPERATOR)
    raise errors.NoSuchTask(task_id)
