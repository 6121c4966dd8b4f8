"""The use cases of callers for one host: create a task for it, ask for its uptime."""

import contextlib
import math

from chalicelib import errors
from chalicelib.clock import Clock
from chalicelib.hosts.model import Host
from chalicelib.hosts.service import HostService
from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks import silence, uptimes
from chalicelib.tasks.model import LOGIN_VERSION, Look, State, TaskView, What
from chalicelib.tasks.service import TaskService
from chalicelib.tasks.uptimes import Uptime

#: Seconds within which a host must begin a task: if the caller does not say, at least, at most.
START_SECONDS, LEAST_START, MOST_START = 600, 30, 14 * 86_400


class HostTasks:
    """What callers do with a host by its name. Every method may raise NoSuchHost, Outage."""

    def __init__(
        self, *, tasks: TaskService, hosts: HostService, clock: Clock, settings: Settings
    ) -> None:
        self._tasks, self._hosts = tasks, hosts
        self._clock, self._settings = clock, settings

    def create(
        self,
        window: Window,
        *,
        host: str | None,
        start_within: int = START_SECONDS,
        owner: str,
        source: str | None = None,
        key: str | None = None,
    ) -> str:
        """Accept a window and give the id of its task, as `TaskService.create` does.

        With a `host` only that host may measure it, and must begin within `start_within` seconds.
        """
        if host is not None:
            self._hosts.find(host)
        return self._tasks.create(
            LOGIN_VERSION,
            window,
            owner=owner,
            source=source,
            key=key,
            host=host,
            start_within=start_within if host else None,
        )

    def uptime(self, name: str, *, owner: str) -> Uptime:
        """Ask a host for its uptime now.

        Raises HostSilent if it does not answer for as long as an answer may be held, and
        MachineFailed if it answers that it cannot tell.
        """
        host, hold = self._hosts.find(name), self._settings.hold_seconds
        task_id = self._tasks.create(
            LOGIN_VERSION,
            Window(1, 1),
            what=What.UPTIME,
            owner=owner,
            host=name,
            start_within=max(math.ceil(hold), 1),
        )
        look = Look(detail=True, timeout=math.ceil(hold))
        view = self._tasks.look(LOGIN_VERSION, task_id, look)
        if not view.task.state.ended:
            # It may answer at this moment: then its end counts.
            with contextlib.suppress(errors.TaskEnded):
                self._tasks.cancel(LOGIN_VERSION, task_id)
            view = self._tasks.look(LOGIN_VERSION, task_id, look)
        return self._told(host, view)

    def _told(self, host: Host, view: TaskView) -> Uptime:
        if view.task.state is State.SUCCESS:
            told = uptimes.read(view.reports[0].report.text)
            if told is None:
                raise errors.MachineFailed(f"What {host.host} says is not an uptime.")
            return told
        if view.task.state is State.FAILURE and view.task.run:
            raise errors.MachineFailed(view.task.error)
        within, now = self._settings.hold_seconds, self._clock.now()
        raise errors.HostSilent(silence.not_answered(host, within, now))
