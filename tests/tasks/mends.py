"""Mends of old faults of tasks, and how to take each one out. Then its fault must be found."""

import math
from collections.abc import Callable
from typing import Any

from chalicelib import errors
from chalicelib.aws import task_items
from chalicelib.comparison import Comparison
from chalicelib.settings import Settings
from chalicelib.tasks import fate, lease, model, page, sweeper
from chalicelib.tasks import run as runs
from chalicelib.tasks.bounds import Bounds
from chalicelib.tasks.model import State, Task
from chalicelib.tasks.run import Run
from tests.support.memory_store import MemoryStore
from tests.tasks.bounded import Bounded
from tests.tasks.days import Days
from tests.tasks.mend import Mend, change, put
from tests.tasks.races import Races


def _begun(task: Task, now: float, settings: object) -> bool:
    return task.state is State.STARTED and task.lease_until > 0


def _with_the_same_run(take_over: Callable[..., Task], old: Task, *rest: Any) -> Task:
    """Take over as an old one did: the run's number stays as it is."""
    return take_over(old._replace(run=old.run - 1), *rest)


def _leased_or_not(
    move: Callable[..., None], store: object, before: Task, after: Task, **more: Any
) -> None:
    move(store, before, after, **more | {"leased": False})


def _only_when_due(old: object, task: Task, now: float, settings: object) -> bool:
    return task.due_at is not None and task.due_at <= now


def _monotonic_alone(self: Run) -> bool:
    return self._clock.monotonic() < self.leased_at + 0.75 * self._settings.lease_seconds


def _epoch_alone(self: Run) -> bool:
    return self._clock.now() < self.task.lease_until


def _days_after_it_was_begun(task: Task, keep_days: float) -> float:
    return (task.reported_at or task.started_at or 0) + (keep_days + 1) * model.DAY


def _by_its_clock(
    task: Task, state: State, now: float, settings: Settings, error: str | None = None
) -> Task:
    return model.ended(task, state, at=now, keep_days=settings.keep_days, error=error)


def _never_late(
    why: Callable[..., str | None], task: Task, host: object, now: float, settings: object
) -> str | None:
    return why(task, host, min(now, task.done_by), settings)


def _whatever_is_stored(
    write: Callable[..., None], self: Run, change: object, seen: object = ()
) -> None:
    write(self, change)


def _still_of_its_source(ended: Callable[..., Task], task: Task, *rest: Any, **more: Any) -> Task:
    return ended(task, *rest, **more)._replace(opened_by=task.opened_by)


def _but_its_source(end: Callable[..., dict[str, object]], *rest: Any) -> dict[str, object]:
    return {name: thing for name, thing in end(*rest).items() if name != "opened_by"}


def _of_the_other_version(
    unended: Callable[..., object], self: object, version: str, after: object
) -> object:
    (other,) = {*model.VERSIONS} - {version}
    return unended(self, other, after)


TAKE_OVERS = {
    "others wait until a lease is over": Mend(put(lease, "lapsed", _begun), Races, "deliver"),
    "others wait longer, as clocks differ": Mend(
        put(lease, "_SKEW_PART", 0), Races, "deliver another_worker_comes_when_a_lease_ends"
    ),
    "it finds the task as it was read": Mend(
        put(runs, "_AS_FOUND", ()),
        Races,
        "deliver a_request_is_late a_late_request_lands_while_others_take_over",
    ),
    "it raises the fence": Mend(
        change(runs, "_take_over", _with_the_same_run),
        Races,
        "deliver another_worker_comes_when_a_lease_ends",
    ),
    "no lease lasts for years": Mend(
        put(lease, "MOST", math.inf), Days, "deliver_to_a_wrong_clock_that_nobody_judges"
    ),
}

SWEEPS = {
    "it finds the task as it was read": Mend(
        put(sweeper, "_AS_READ", ()), Races, "deliver a_sweeper_is_overtaken"
    ),
    "it looks at what is due in years": Mend(
        change(fate, "is_due", _only_when_due),
        Days,
        "deliver_to_a_wrong_clock_that_nobody_judges",
    ),
    "it ends nothing by a wrong clock": Mend(
        put(Comparison, "problem", lambda self, most: None), Days, "sweep_by_a_wrong_clock"
    ),
}

CLOCKS = {
    "a run's clock never goes back": Mend(
        put(Run, "_now", lambda self: self._clock.now()),
        Races,
        "deliver a_worker_keeps_its_lease somebody_sets_a_clock",
    ),
    "the longer lease is kept": Mend(
        change(MemoryStore, "move", _leased_or_not),
        Races,
        "deliver a_worker_keeps_its_lease a_request_is_late a_late_request_lands",
    ),
    "a lease that is kept is not lost": Mend(
        put(Run, "_still_ours", lambda self, stored: False),
        Races,
        "deliver a_worker_keeps_its_lease a_clock_is_a_minute_ahead_for_a_while",
    ),
}

FREEZES = {
    "the time since the epoch counts": Mend(
        put(Run, "may_write", property(_monotonic_alone)), Races, "deliver a_machine_is_suspended"
    ),
    "the monotonic time counts": Mend(
        put(Run, "may_write", property(_epoch_alone)),
        Races,
        "deliver a_worker_keeps_its_lease somebody_sets_a_clock",
    ),
    "silence is not the end": Mend(
        put(errors, "Silent", errors.MachineFailed), Days, "deliver_to_a_pair_that_is_frozen"
    ),
}

TIMES = {
    "reports outlive their task": Mend(
        put(model, "reports_expire", _days_after_it_was_begun),
        Days,
        "deliver report hand_over days_pass",
    ),
    "a clock that is behind ends nothing too early": Mend(
        put(Task, "earliest", lambda self: -math.inf), Days, "a_wrong_clock_measures_a_whole_window"
    ),
    "a clock that is ahead keeps nothing for years": Mend(
        put(runs, "_ended", _by_its_clock), Days, "a_wrong_clock_measures_a_whole_window"
    ),
    "what nobody begins ends": Mend(
        put(fate, "_why_not_begun", lambda *_: None), Days, "days_pass"
    ),
    "what nobody finishes ends": Mend(
        change(fate, "why_failed", _never_late), Days, "deliver hand_over days_pass"
    ),
}

REPORTS = {
    "those that are missing are not skipped": Mend(
        put(page, "whole", lambda found, indices: found),
        Days,
        "deliver a_worker_measures a_report_is_gone a_caller_reads_on",
    ),
    "each follows the one before": Mend(
        change(Run, "_write", _whatever_is_stored),
        Races,
        "deliver a_worker_measures a_request_is_late a_late_request_lands",
    ),
}

BOUNDS = {
    "a source has so many open tasks and no more": Mend(
        put(Bounds, "check", lambda *_: None), Bounded, "create_from"
    ),
    "what has ended makes room": Mend(
        change(model, "ended", _still_of_its_source), Bounded, "create_from deliver report"
    ),
    "what was cancelled makes room": Mend(
        change(task_items, "end", _but_its_source), Bounded, "create_from cancel"
    ),
    "a sweep begins with lost workers": Mend(
        put(MemoryStore, "running", lambda self: iter(())),
        Bounded,
        "create_from deliver a_sweep_works",
    ),
    "a sweep goes on with the tasks of users": Mend(
        change(MemoryStore, "unended", _of_the_other_version),
        Bounded,
        "create_from create_of_a_user a_sweep_works",
    ),
}

#: All of them, by what they are about.
TABLES = {
    "take-over": TAKE_OVERS,
    "sweep": SWEEPS,
    "clock": CLOCKS,
    "freeze": FREEZES,
    "time": TIMES,
    "report": REPORTS,
    "bound": BOUNDS,
}
