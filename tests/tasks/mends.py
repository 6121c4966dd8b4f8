"""Mends of old faults, and how to take each one out. Then a state machine must find the fault."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from chalicelib import errors
from chalicelib.comparison import Comparison
from chalicelib.tasks import lease, sweeper
from chalicelib.tasks import run as runs
from chalicelib.tasks.model import State, Task
from chalicelib.tasks.run import Run
from chalicelib.tasks.sweeper import Sweeper
from tests.support.memory_store import MemoryStore
from tests.tasks.days import Days
from tests.tasks.protocol import Protocol
from tests.tasks.races import Races

#: Takes a mend out, until the end of the test.
TakeOut = Callable[[pytest.MonkeyPatch], None]


class Mend(NamedTuple):
    """A mend, and the state machine that finds the fault when it is taken out."""

    take_out: TakeOut
    whole: type[Protocol]
    #: The rules that are enough to find it, besides create and time_passes: fewer take less time.
    rules: str

    @property
    def machine(self) -> type[Protocol]:
        """The state machine with these rules alone."""
        enough = {"create", "time_passes", *self.rules.split()}
        every = {rule.function.__name__ for rule in self.whole.setup_state().rules}
        assert enough <= every
        plain = {name: _no_rule(getattr(self.whole, name)) for name in every - enough}
        return type(self.whole.__name__, (self.whole,), plain)


def _no_rule(step: Callable[..., None]) -> Callable[..., None]:
    """Give a step that other steps may take, but that is none by itself."""
    return lambda self, *args, **kwargs: step(self, *args, **kwargs)


def put(owner: object, name: str, thing: object) -> TakeOut:
    """Put something in the place of an attribute."""
    return lambda patch: patch.setattr(owner, name, thing)


def change(owner: Any, name: str, with_: Callable[..., Any]) -> TakeOut:
    """Call `with_`, which gets the old function before its own arguments, in its place."""
    old = getattr(owner, name)
    return put(owner, name, lambda *args, **kwargs: with_(old, *args, **kwargs))


def _begun(task: Task, now: float, settings: object) -> bool:
    return task.state is State.STARTED and task.lease_until > 0


def _with_the_same_run(take_over: Callable[..., Task], old: Task, *rest: Any) -> Task:
    """Take over as an old one did: the run's number stays as it is."""
    return take_over(old._replace(run=old.run - 1), *rest)


def _leased_or_not(
    move: Callable[..., None], store: object, before: Task, after: Task, **more: Any
) -> None:
    move(store, before, after, **more | {"leased": False})


def _only_when_due(sweep: object, self: Any, task: Task) -> bool:
    return task.due_at is not None and task.due_at <= self._clock.now()


def _monotonic_alone(self: Run) -> bool:
    return self._clock.monotonic() < self.leased_at + 0.75 * self._settings.lease_seconds


def _epoch_alone(self: Run) -> bool:
    return self._clock.now() < self.task.lease_until


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
        change(Sweeper, "_is_due", _only_when_due),
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

TABLES = {
    "take-over": TAKE_OVERS,
    "sweep": SWEEPS,
    "clock": CLOCKS,
    "freeze": FREEZES,
}
#: Every mend, by a sentence that says what holds thanks to it.
ALL = {f"{noun}: {holds}": mend for noun, table in TABLES.items() for holds, mend in table.items()}
