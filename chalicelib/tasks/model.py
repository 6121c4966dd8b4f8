"""A task: what was asked for, how far it has come, and how it may go on."""

import enum
from collections.abc import Mapping
from typing import NamedTuple, Self

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.measure.numbers import Cpu, Device
from chalicelib.tasks.cursor import Cursor

#: Seconds of a day.
DAY = 86_400
#: Days that a task may take from its create to its end, besides twice its window. They are for
#: interruptions: no worker, or no power.
SPARE_DAYS = 30
#: Why a task that took longer is a FAILURE.
LATE = f"It was not done in time: a task may take twice its window and {SPARE_DAYS} days."

#: The versions of the API that have tasks: anybody may use the first, and users the second.
OPEN_VERSION, LOGIN_VERSION = "v2", "v3"
VERSIONS = (OPEN_VERSION, LOGIN_VERSION)


class State(enum.StrEnum):
    """Where a task stands."""

    #: No worker has claimed it yet.
    QUEUED = "QUEUED"
    #: A worker measures it, or it waits for its next run.
    STARTED = "STARTED"
    #: All its reports are stored.
    SUCCESS = "SUCCESS"
    #: It cannot be done, and is not tried again.
    FAILURE = "FAILURE"
    #: Somebody cancelled it.
    REVOKED = "REVOKED"

    @property
    def ended(self) -> bool:
        """Whether a task in this state never changes again."""
        return not MOVES[self]


#: Every move that a task may make. The store makes each one a condition of its write.
MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.STARTED, State.FAILURE, State.REVOKED}),
    State.STARTED: frozenset({State.STARTED, State.SUCCESS, State.FAILURE, State.REVOKED}),
    State.SUCCESS: frozenset(),
    State.FAILURE: frozenset(),
    State.REVOKED: frozenset(),
}


class What(enum.StrEnum):
    """What is measured."""

    #: A window of iostat.
    IOSTAT = "iostat"
    #: The uptime: one report, whose text is JSON with its numbers.
    UPTIME = "uptime"


class Report(NamedTuple):
    """One report of a window, as iostat wrote it."""

    index: int  # type: ignore[assignment] # hides tuple.index, which nobody needs here
    #: The run that measured it.
    run: int
    #: When it came, in seconds since the epoch; None for one that is missing.
    at: float | None
    text: str

    @classmethod
    def missing(cls, index: int) -> Self:
        """Give what takes the place of a report that is not stored any more."""
        return cls(index=index, run=0, at=None, text=f"(report {index} is missing)\n\n")


class Task(NamedTuple):
    """A window that somebody asked for. Times are in seconds since the epoch."""

    task_id: str
    #: The version of the API that it belongs to: "v2" or "v3".
    version: str
    window: Window
    created_at: float
    state: State = State.QUEUED
    what: What = What.IOSTAT
    #: The name of the host that it is for; None if any worker may measure it.
    target: str | None = None
    #: When a task for a host must have begun, at the latest; then it is a FAILURE.
    start_by: float | None = None
    #: The group that it belongs to, and until when it must be kept for that, at the least.
    group_id: str | None = None
    kept_until: int | None = None
    started_at: float | None = None
    ended_at: float | None = None
    #: The name that the user who created it had then; v3 only.
    owner: str | None = None
    #: From this time on nobody can read it. It is set when the task ends.
    expires_at: float | None = None
    #: When the sweeper looks at it next; None once it has ended.
    due_at: float | None = None
    #: Hints that were sent since a worker last claimed it.
    hints: int = 0
    #: The fence: it grows with every claim, and only the newest run may write.
    run: int = 0
    #: The token of the claim that began the run. No other claim has the same.
    token: str | None = None
    #: When the lease of the run ends; 0 after the run gave the task back.
    lease_until: float = 0
    #: Attempts that failed in a row, without a report between them.
    failures: int = 0
    #: Reports that are stored, which is also the index of the next one.
    done: int = 0
    #: When the last report came.
    reported_at: float | None = None
    #: The node name of the machine that measures it, and what measures: "iostat" or "procfs".
    host: str | None = None
    source: str | None = None
    #: One sentence that says why it is a FAILURE.
    error: str | None = None
    #: The source address that it came from, while it is open; v2 only.
    opened_by: str | None = None
    #: The text of the last report if it is stored here, with the end, and not by itself.
    last: str | None = None

    @property
    def last_report(self) -> Report | None:
        """The report that was written together with the end, None if there is none."""
        if self.last is None or self.reported_at is None:
            return None
        return Report(index=self.done - 1, run=self.run, at=self.reported_at, text=self.last)

    @property
    def done_by(self) -> float:
        """The time by which it must have ended: after it nobody goes on with it."""
        return self.created_at + 2 * self.window.seconds + SPARE_DAYS * DAY

    def earliest(self) -> float:
        """Give the earliest time at which it can be as far as it is, whatever clocks say."""
        return self.created_at + max(self.done - 1, 0) * self.window.wait

    def expired(self, now: float) -> bool:
        """Tell whether nobody may read it any more. DynamoDB deletes it some time later."""
        return self.expires_at is not None and self.expires_at <= now


class Look(NamedTuple):
    """What a caller wants to see of a task, and how long the answer may be held for it."""

    #: Whether to give the reports and everything else that is known, not only the state.
    detail: bool = False
    #: The index of the first report that the caller wants.
    since: int = 0
    #: Seconds to wait for something new.
    timeout: int = 0
    #: Whether to give the text of each report as well; only with `detail`.
    text: bool = False


class ReportView(NamedTuple):
    """A report, with its numbers if the caller wants those."""

    report: Report
    devices: list[Device]
    #: None if the window does not have it, or if it cannot be read.
    cpu: Cpu | None = None


class TaskView(NamedTuple):
    """A task, and as many of the wanted reports as fit into one answer."""

    task: Task
    reports: list[ReportView]
    #: A sentence that says why nobody has begun it yet, if that is known.
    waiting: str | None = None


class Swept(NamedTuple):
    """What a sweep leaves for the next one, and for creates."""

    #: When it was, in seconds since the epoch.
    at: float = 0
    #: How many tasks of v2 were open. Counting ends at the most that may be.
    open_tasks: int = 0
    #: By the version of the API, after which of its open tasks the next sweep goes on.
    places: Mapping[str, Cursor] = {}


class Claim(NamedTuple):
    """What a worker writes into a task to claim it: fields of `Task`, with the same names."""

    task_id: str
    token: str
    host: str
    source: str
    started_at: float
    lease_until: float
    due_at: float
    #: The name of the host that claims; None for a task that any worker may measure.
    target: str | None = None


def ended(
    task: Task, state: State, *, at: float, keep_days: float, error: str | None = None
) -> Task:
    """Give the task with its end: no longer open, and readable for `keep_days` more days.

    If the clock that `at` is from is behind, the task ends as early as it can have ended.
    """
    ended_at = max(at, task.earliest())
    return task._replace(
        state=state,
        error=error,
        ended_at=ended_at,
        expires_at=max(ended_at + keep_days * DAY, task.kept_until or 0),
        due_at=None,
        opened_by=None,
    )


def reports_expire(task: Task, keep_days: float) -> float:
    """Give the time from which the reports of a task may be deleted: a day after its own, or more.

    It is the same for all of them, and depends only on the create. So no interruption and no
    worker's clock can let a report expire before its task.
    """
    return task.done_by + (keep_days + 2) * DAY


def check_move(before: State, after: State) -> None:
    """Raise IllegalMove if a task may not go from one state to the other, or has ended already."""
    if after not in MOVES[before] and (after is not before or before.ended):
        raise errors.IllegalMove(f"A task that is {before} cannot become {after}.")


def sources(target: State) -> list[State]:
    """Give the states from which a task may move to `target`."""
    return [state for state, targets in MOVES.items() if target in targets]
