"""The fan-out of a group: its tasks and their hints, or the end of them all.

A group stands once it is stored. What comes after that may be cut off anywhere: the group is
marked as unmade until all is done, and the sweeper does it again. Doing it twice is harmless.
"""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from chalicelib import errors, log
from chalicelib.clock import Clock
from chalicelib.settings import Settings
from chalicelib.tasks import hint, model
from chalicelib.tasks.group import Group
from chalicelib.tasks.model import LOGIN_VERSION, Task
from chalicelib.tasks.ports import Dispatcher, GroupStore, Refused, Store

It = TypeVar("It")

#: Tasks that are made by one call.
_BATCH = 25
#: Seconds that a process has for a fan-out, before the sweeper thinks that it was cut off.
PATIENCE = 20


class FanOut:
    """Makes the tasks of groups, or ends them. Every method may raise Outage."""

    def __init__(
        self,
        *,
        groups: GroupStore,
        store: Store,
        dispatcher: Dispatcher,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._groups, self._store, self._dispatcher = groups, store, dispatcher
        self._clock, self._settings = clock, settings

    def make(self, group: Group, stored: Iterable[Task] = ()) -> None:
        """Make the tasks of a group, but for those that are `stored`, and send their hints.

        If the group is cancelled, end its tasks instead.
        """
        there = {task.task_id for task in stored}
        tasks = group.tasks(self._settings.sweep_seconds)
        missing = [task for task in tasks if task.task_id not in there]
        self._each(self._store.create_many, _batches(missing))
        # Somebody may have cancelled it meanwhile, and have seen only some of its tasks.
        now = self._groups.get(group.group_id)
        if now is not None and now.cancelled_at is None:
            self._each(self._send, group.ids())
        else:
            self._end(group)
        self._groups.mark_made(group.group_id)

    def cancel(self, group: Group) -> None:
        """Cancel a group: none of its tasks begins any more, and those that have begun end."""
        cancelled = self._groups.cancel(group.group_id, self._clock.now())
        self.make(cancelled, self._store.get_many(group.ids()))

    def finish(self, until: float) -> None:
        """Finish every group whose fan-out was cut off; begin none after the monotonic `until`."""
        now = self._clock.now()
        for group_id in self._groups.unmade(now - PATIENCE):
            if self._clock.monotonic() > until:
                return
            try:
                if group := self._groups.get(group_id):
                    self.make(group, self._store.get_many(group.ids()))
                    log.event("group finished", group_id=group_id, hosts=len(group.hosts))
            except errors.Outage as outage:
                log.event("group not finished", group_id=group_id, why=outage.why)
            except Exception:
                log.failure("group not finished", group_id=group_id)

    def _end(self, group: Group) -> None:
        tasks = self._store.get_many(group.ids())
        self._each(self._revoke, [task.task_id for task in tasks if not task.state.ended])

    def _send(self, task_id: str) -> None:
        hint.send(task_id, LOGIN_VERSION, self._dispatcher)

    def _revoke(self, task_id: str) -> None:
        now = self._clock.now()
        expires_at = now + self._settings.keep_days * model.DAY
        # Refused is fine as well: then it has just ended.
        with contextlib.suppress(Refused):
            self._store.cancel(task_id, LOGIN_VERSION, now, expires_at)

    def _each(self, act: Callable[[It], None], things: Sequence[It]) -> None:
        """Do something with each thing, some at once."""
        threads = min(self._settings.fan_out_threads, len(things))
        if threads < 2:
            for thing in things:
                act(thing)
            return
        with ThreadPoolExecutor(threads, "fan-out") as pool:
            for _ in pool.map(act, things):
                pass


def _batches(tasks: list[Task]) -> list[list[Task]]:
    return [tasks[start : start + _BATCH] for start in range(0, len(tasks), _BATCH)]
