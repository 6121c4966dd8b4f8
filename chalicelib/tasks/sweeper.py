"""The sweeper: sends hints for open tasks that nobody works on, or ends them as failed."""

import logging
from collections.abc import Iterable

from chalicelib import errors, log
from chalicelib.clock import Clock
from chalicelib.comparison import Comparison
from chalicelib.hosts.model import Host
from chalicelib.hosts.ports import HostQueues, HostStore
from chalicelib.settings import Settings
from chalicelib.tasks import fate, lease, model, shares
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.fan_out import FanOut
from chalicelib.tasks.model import LOGIN_VERSION, OPEN_VERSION, State, Swept, Task
from chalicelib.tasks.ports import Dispatcher, Refused, Store

#: Seconds before the end of an invocation at which a sweep stops; the next one goes on.
_MARGIN_SECONDS = 10
#: The fields that must be as they were read when the sweeper writes: else somebody was faster.
_AS_READ = ("due_at", "hints", "lease_until")
#: Open tasks of users are counted for people to see, and no further than this.
_MOST_COUNTED = 10_000


class Sweeper:
    """Sends new hints. Two sweepers do no harm: a conditional write comes before every hint."""

    def __init__(
        self,
        *,
        store: Store,
        dispatcher: Dispatcher,
        clock: Clock,
        comparison: Comparison,
        settings: Settings,
        hosts: HostStore,
        queues: HostQueues,
        fan_out: FanOut,
    ) -> None:
        self._store, self._dispatcher, self._comparison = store, dispatcher, comparison
        self._hosts, self._queues, self._fan_out = hosts, queues, fan_out
        self._clock, self._settings = clock, settings

    def sweep(self, seconds: float = float("inf")) -> None:
        """Look after open tasks for at most `seconds`.

        Running tasks come first, all of them, for a worker may be lost; then a share of all open
        ones, which goes on where the last sweep has ended. Users' tasks come before those of
        anybody. A sweep stops some seconds earlier, so that Lambda does not end it. An error with
        one task is logged and does no harm to the others. Raises Outage if the tasks cannot be
        listed.
        """
        until = self._clock.monotonic() + seconds - _MARGIN_SECONDS
        places = dict(self._store.swept().places)
        if not self._problem:
            # First of all, so that no task of a group that was cancelled gets a hint.
            self._fan_out.finish(until)
        hosts: dict[str, Host] = {}
        for task_ids, fresh in shares.batches(self._store, self._clock.now(), places):
            self._look_after_all(task_ids, hosts, until, fresh=fresh)
            if why := self._why_stop(until):
                log.event("sweep stopped", level=logging.WARNING, why=why)
                break
        if not self._problem:
            self._leave(places)
        self._log_dead_letters()

    @property
    def _problem(self) -> str | None:
        """What is wrong with this machine's clock: a wrong one would end what is not late."""
        return self._comparison.problem(lease.most_off(self._settings))

    def _why_stop(self, until: float) -> str | None:
        """Say why this sweep may not go on, None if it may."""
        if self._clock.monotonic() > until:
            return "its time is up"
        # The list of tasks has brought a Date.
        return self._problem

    def _look_after_all(
        self, ids: list[str], hosts: dict[str, Host], until: float, *, fresh: bool
    ) -> None:
        """Look after these tasks in their order, as long as this sweep may go on.

        `hosts` are those that this sweep has read; more are added.
        """
        try:
            found = {task.task_id: task for task in self._store.get_many(ids, fresh=fresh)}
            self._find_hosts(found.values(), hosts)
        except errors.Outage as outage:
            log.event("tasks not swept", tasks=len(ids), why=outage.why)
            return
        for task in [found[task_id] for task_id in ids if task_id in found]:
            host = hosts.get(task.target or "")
            if not self._needs_care(task, host):
                continue
            if self._why_stop(until):
                return
            try:
                self._look_after(task, host)
            except errors.Outage as outage:
                log.event("task not swept", task_id=task.task_id, why=outage.why)
            except Exception:
                log.failure("task not swept", task_id=task.task_id)

    def _find_hosts(self, tasks: Iterable[Task], known: dict[str, Host]) -> None:
        """Add the hosts that open tasks are for to those that are `known`, by name."""
        names = {it.target for it in tasks if it.target and not it.state.ended} - known.keys()
        found = self._hosts.get_many(sorted(names)) if names else []
        known.update((host.host, host) for host in found if host.is_there())

    def _leave(self, places: dict[str, Cursor]) -> None:
        """Store what the next sweep, and creates, need to know of this one."""
        try:
            of_anybody = self._store.count_open(OPEN_VERSION, self._settings.open_tasks)
            self._store.keep_swept(Swept(self._clock.now(), of_anybody, places))
            of_users = self._store.count_open(LOGIN_VERSION, _MOST_COUNTED)
        except errors.Outage as outage:
            log.event("open tasks not counted", why=outage.why)
        else:
            # The dashboard and an alarm read these two numbers.
            log.event("swept", open_v2=of_anybody, open_v3=of_users)

    def _log_dead_letters(self) -> None:
        try:
            depth = self._dispatcher.dead_letters()
        except errors.Outage as outage:
            log.event("dead letters not counted", why=outage.why)
        else:
            if depth:
                log.event("dead letters", level=logging.WARNING, depth=depth)

    def _needs_care(self, task: Task, host: Host | None) -> bool:
        now = self._clock.now()
        return fate.is_due(task, now, self._settings) or fate.waits_in_vain(task, host, now)

    def _look_after(self, task: Task, host: Host | None) -> None:
        now, settings = self._clock.now(), self._settings
        lost = lease.lapsed(task, now, settings)
        if lost:
            self._log_lost(task, now)
        try:
            if why := fate.why_failed(task, host, now, settings):
                self._store.move(task, self._failed(task, now, why), seen=_AS_READ)
                log.event("task given up", task_id=task.task_id, run=task.run, why=why)
            elif fate.is_away(task, host, now):
                # Hints would pile up in its queue. The first sweep after its return sends one.
                if task.due_at is not None and task.due_at > now:
                    self._store.move(task, task._replace(due_at=now, hints=0), seen=_AS_READ)
            else:
                self._store.move(task, fate.hinted(task, now, settings), seen=_AS_READ)
                self._send(task)
                log.event("hint sent again", task_id=task.task_id, hint=task.hints + 1, lost=lost)
        except Refused:
            # Somebody else has just claimed, ended or swept it.
            return

    def _send(self, task: Task) -> None:
        """Send a hint. A host that is there has a queue: one that is missing is made.

        Raises NoQueue for a host that was removed since this sweep has read it.
        """
        try:
            self._dispatcher.send(task.task_id, task.version)
        except errors.NoQueue:
            if task.target is None or not self._is_there(task.target):
                raise
            self._queues.make(task.target)
            self._dispatcher.send(task.task_id, task.version)

    def _is_there(self, name: str) -> bool:
        return any(host.is_there() for host in self._hosts.get_many([name]))

    def _log_lost(self, task: Task, now: float) -> None:
        """Log that nothing came from the worker of a task any more. An alarm counts these."""
        heard_at = max(task.reported_at or 0, task.lease_until - self._settings.lease_seconds)
        log.event(
            "worker lost",
            level=logging.WARNING,
            task_id=task.task_id,
            host=task.host,
            run=task.run,
            silent_s=round(max(now - heard_at, 0)),
        )

    def _failed(self, task: Task, now: float, why: str) -> Task:
        keep = self._settings.keep_days
        return model.ended(task, State.FAILURE, at=now, keep_days=keep, error=why)
