"""Mends of old faults of hosts and groups, and how to take each one out: see `mend`."""

import math
from collections.abc import Callable
from typing import Any

from chalicelib.comparison import Comparison
from chalicelib.hosts.model import Host
from chalicelib.hosts.presence import Presence
from chalicelib.tasks import fate, groups
from chalicelib.tasks.model import Claim, Task
from chalicelib.tasks.ports import Refused
from tests.hosts.names_protocol import Names
from tests.support.memory_hosts import MemoryHosts
from tests.support.memory_store import MemoryStore
from tests.tasks.groups_watched import WatchedGroups
from tests.tasks.mend import Mend, change, put


def _by_any_host(claim: Callable[..., Task], self: MemoryStore, wanted: Claim) -> Task:
    stored = self.tasks.get(wanted.task_id)
    return claim(self, wanted._replace(target=stored.target if stored else None))


def _lost_by_any_host(claim: Callable[..., Task], self: MemoryStore, wanted: Claim) -> Task:
    try:
        return claim(self, wanted)
    except Refused as refused:
        old = refused.old
        raise Refused(old and old._replace(target=wanted.target)) from refused


def _at_any_time(claim: Callable[..., Task], self: MemoryStore, wanted: Claim) -> Task:
    stored = self.tasks.get(wanted.task_id)
    if stored and stored.start_by is not None:
        wanted = wanted._replace(started_at=min(wanted.started_at, stored.start_by))
    return claim(self, wanted)


def _at_once(beat: Callable[..., None], *args: Any, **more: Any) -> None:
    beat(*args, **more | {"lapsed_by": math.inf})


def _also_if_removed(self: MemoryHosts, name: str) -> Host:
    return self.rows.get(name) or Host(name)


def _whatever_its_host(
    why: Callable[..., str | None], task: Task, host: Host | None, now: float, settings: object
) -> str | None:
    return why(task, host or Host(task.target or "", added_at=0), now, settings)


TASKS = {
    "only its host begins it": Mend(
        change(MemoryStore, "claim", _by_any_host), WatchedGroups, "deliver"
    ),
    "only its host takes it over": Mend(
        change(MemoryStore, "claim", _lost_by_any_host), WatchedGroups, "deliver"
    ),
    "it is not begun too late": Mend(
        change(MemoryStore, "claim", _at_any_time), WatchedGroups, "deliver"
    ),
    "what its host does not begin ends": Mend(
        put(fate, "_why_not_begun", lambda *_: None), WatchedGroups, "a_sweep_works"
    ),
    "what is for a host that was removed ends": Mend(
        change(fate, "why_failed", _whatever_its_host),
        WatchedGroups,
        "a_host_is_removed a_sweep_works",
    ),
}

GROUPS = {
    "a report that cannot be read yet is waited for": Mend(
        put(groups, "_SETTLED", -math.inf),
        WatchedGroups,
        "deliver a_caller_is_told_of_a_report_before_it_can_be_read",
    ),
}

NAMES = {
    "nobody takes a name that another has": Mend(
        change(MemoryHosts, "beat", _at_once), Names, "start poll several_poll"
    ),
    "who has lost a name takes no work": Mend(
        put(Presence, "_refused", lambda *_: None), Names, "start poll several_poll"
    ),
    "times are those of the cloud": Mend(
        put(Comparison, "cloud_time", lambda self: self._clock.now()),
        Names,
        "start poll several_poll",
    ),
    "the worker of a removed host takes no work": Mend(
        put(MemoryHosts, "_there", _also_if_removed), Names, "start poll several_poll remove"
    ),
}

#: All of them, by what they are about.
TABLES = {"a host's task": TASKS, "group": GROUPS, "name": NAMES}
