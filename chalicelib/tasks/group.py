"""A group: one window, or the uptime, of many hosts, each of which has a task of its own."""

import hashlib
import json
from collections.abc import Iterable
from typing import NamedTuple

from chalicelib.measure.model import Window
from chalicelib.tasks import model, sanity, task_ids
from chalicelib.tasks.model import LOGIN_VERSION, ReportView, State, Task, What


class Group(NamedTuple):
    """What was asked of which hosts. Times are in seconds since the epoch."""

    group_id: str
    #: The names of its hosts, sorted. They stay as they were when it was created.
    hosts: tuple[str, ...]
    what: What
    window: Window
    owner: str
    created_at: float
    #: When its hosts must have begun, at the latest.
    start_by: float
    #: From this time on nobody can read it. Its tasks are kept as long.
    expires_at: int
    #: When somebody cancelled it.
    cancelled_at: float | None = None

    def ids(self) -> list[str]:
        """Give the ids of its tasks, in the order of their hosts."""
        return [task_ids.of(host, self.group_id) for host in self.hosts]

    def tasks(self, sweep_seconds: float) -> list[Task]:
        """Give its tasks as they are stored at first, in the order of their hosts.

        Those of a group that was cancelled before they were stored never begin.
        """
        return [self._task(host, sweep_seconds) for host in self.hosts]

    def _task(self, host: str, sweep_seconds: float) -> Task:
        task = Task(
            task_id=task_ids.of(host, self.group_id),
            version=LOGIN_VERSION,
            window=self.window,
            created_at=self.created_at,
            what=self.what,
            target=host,
            start_by=self.start_by,
            group_id=self.group_id,
            kept_until=self.expires_at,
            owner=self.owner,
            due_at=min(self.created_at + sweep_seconds, self.start_by),
        )
        if self.cancelled_at is None:
            return task
        return model.ended(task, State.REVOKED, at=self.cancelled_at, keep_days=0)

    def expired(self, now: float) -> bool:
        """Tell whether nobody may read it any more. DynamoDB deletes it some time later."""
        return self.expires_at <= now


class Standing(NamedTuple):
    """How a group stands: all its tasks, in the order of their hosts."""

    group: Group
    tasks: list[Task]

    @property
    def ended(self) -> bool:
        """Whether every task has ended."""
        return all(task.state.ended for task in self.tasks)

    @property
    def state(self) -> State:
        """The state of the whole group: it is a SUCCESS only if every task is."""
        states = {task.state for task in self.tasks}
        if states == {State.QUEUED}:
            return State.QUEUED
        if not self.ended:
            return State.STARTED
        if states == {State.SUCCESS}:
            return State.SUCCESS
        return State.REVOKED if self.revoked else State.FAILURE

    @property
    def revoked(self) -> bool:
        """Whether the cancel of the group has ended a task."""
        revoked = any(task.state is State.REVOKED for task in self.tasks)
        return self.group.cancelled_at is not None and revoked

    @property
    def no_answer(self) -> list[str]:
        """The hosts that never began."""
        return [task.target or "" for task in self.tasks if task.state.ended and not task.run]


class Asked(NamedTuple):
    """What a caller asks of hosts."""

    #: Names and globs.
    hosts: tuple[str, ...]
    what: What
    window: Window
    #: Seconds within which each host must begin.
    start_within: int

    def digest(self) -> str:
        """Give a text that differs for another request."""
        return hashlib.sha256(json.dumps(self).encode()).hexdigest()


class GroupLook(NamedTuple):
    """What a caller wants to see of a group, and how long the answer may be held for it."""

    #: Whether to give the reports, and the text of each.
    detail: bool = False
    text: bool = False
    #: The cursor of an earlier answer, None for the first.
    since: str | None = None
    #: Seconds to wait for something new.
    timeout: int = 0


class HostReport(NamedTuple):
    """A report, with its numbers, of a host."""

    host: str
    view: ReportView


class GroupView(NamedTuple):
    """A group, as many of the wanted reports as fit into one answer, and where they end."""

    standing: Standing
    reports: list[HostReport]
    #: The index of the next report of each host.
    following: list[int]
    #: Whether there were more reports than fit.
    has_more: bool = False


def standing(group: Group, stored: Iterable[Task], sweep_seconds: float) -> Standing:
    """Give how a group stands, by those of its tasks that are stored.

    Tasks that are not stored yet will be as they are at first.
    """
    by_id = {task.task_id: task for task in stored}
    tasks = [by_id.get(it.task_id, it) for it in group.tasks(sweep_seconds)]
    return Standing(group, [_believed(group, it) for it in tasks])


def _believed(group: Group, task: Task) -> Task:
    """Give a task of a group; if it is of another window, its host has written that."""
    ours = task.window == group.window and task.what is group.what
    return task if ours else sanity.nonsense(task.task_id)
