"""Tasks: what is asked, where it stands, and the moves that are allowed."""

import dataclasses
import enum
import re
import uuid
from typing import Self

from chalicelib import errors
from chalicelib.measure.model import Window

#: Seconds.
DAY = 86_400

_TASK_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)

#: A place in the list of all tasks, as a link has it.
CURSOR_PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,9})?_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

_PLACE = re.compile(CURSOR_PATTERN, re.ASCII)


class State(enum.StrEnum):
    """Where a task stands."""

    #: No worker has it yet.
    QUEUED = "QUEUED"
    #: A worker runs it, or has handed it over and another will.
    STARTED = "STARTED"
    #: All its reports are in.
    SUCCESS = "SUCCESS"
    #: It could not be done and will not be tried again.
    FAILURE = "FAILURE"
    #: It was cancelled.
    REVOKED = "REVOKED"

    @property
    def ended(self) -> bool:
        """Whether no move leads on from here."""
        return not MOVES[self]


#: Every move between states; the store makes each a condition of its write.
MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.STARTED, State.FAILURE, State.REVOKED}),
    State.STARTED: frozenset({State.STARTED, State.SUCCESS, State.FAILURE, State.REVOKED}),
    State.SUCCESS: frozenset(),
    State.FAILURE: frozenset(),
    State.REVOKED: frozenset(),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """One window that somebody asked for. Times are seconds since the epoch."""

    task_id: str
    #: The version of the API that it belongs to, "v2" or "v3".
    version: str
    window: Window
    created_at: float
    state: State = State.QUEUED
    started_at: float | None = None
    ended_at: float | None = None
    #: The user of v3 who made it, by the name of that time.
    owner: str | None = None
    #: From when on it is gone; set with its end.
    expires_at: float | None = None
    #: When the sweeper looks at it again; None once it has ended.
    due_at: float | None = None
    #: Hints sent since a worker last had it.
    hints: int = 0
    #: The fence: grows with every claim, and only the newest run may write.
    run: int = 0
    #: The token of the claim that began the run; tells it from every other.
    token: str | None = None
    #: Until when the run holds it; 0 when it was given back.
    lease_until: float = 0
    #: Failures in a row, without a report between them.
    failures: int = 0
    #: Reports that are in; the next one's index.
    done: int = 0
    #: When the last of them came.
    reported_at: float | None = None
    #: Which host measures it, and with what: "iostat" or "procfs".
    host: str | None = None
    source: str | None = None
    #: One sentence, with FAILURE.
    error: str | None = None
    #: The text of the last report, if it came with the end and is kept nowhere else.
    last: str | None = None

    @property
    def last_report(self) -> "Report | None":
        """The report that came with the end, if one did."""
        if self.last is None or self.reported_at is None:
            return None
        return Report(index=self.done - 1, run=self.run, at=self.reported_at, text=self.last)

    def expired(self, now: float) -> bool:
        """Whether a reader must not see it any more; DynamoDB deletes late."""
        return self.expires_at is not None and self.expires_at <= now


@dataclasses.dataclass(frozen=True)
class Look:
    """What somebody wants to see of a task, and how long it may take."""

    #: Its reports and all else that is known, not its state alone.
    detail: bool = False
    #: The index of the first report that matters.
    since: int = 0
    #: Seconds to wait for something new.
    timeout: int = 0


@dataclasses.dataclass(frozen=True)
class Cursor:
    """A task's place in the list of all, whether or not it is still there."""

    created_at: float
    task_id: str

    def __str__(self) -> str:
        return f"{self.created_at!r}_{self.task_id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that `text` writes. Raises Invalid."""
        created_at, _, task_id = text.partition("_")
        if not _PLACE.fullmatch(text):
            raise errors.Invalid(
                f"after must be as a next link has it, not {errors.shorten(text)}."
            )
        return cls(float(created_at), task_id)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """What a worker writes into a task to make it its own: the fields of `Task` by these names."""

    task_id: str
    token: str
    host: str
    source: str
    started_at: float
    lease_until: float
    due_at: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """One report of a window, as iostat wrote it."""

    index: int
    #: The run that made it.
    run: int
    #: When it came, in seconds since the epoch.
    at: float
    text: str


def ended(
    task: Task, state: State, *, at: float, keep_days: float, error: str | None = None
) -> Task:
    """The task with its end: off the index of open tasks, and kept for `keep_days`."""
    return dataclasses.replace(
        task,
        state=state,
        error=error,
        ended_at=at,
        expires_at=at + keep_days * DAY,
        due_at=None,
    )


def new_id() -> str:
    """An id that nobody can guess."""
    return str(uuid.uuid4())


def is_id(text: str) -> bool:
    """Whether `text` has the form of an id of ours."""
    return _TASK_ID.fullmatch(text) is not None


def sources(target: State) -> list[State]:
    """The states from which a task may move to `target`."""
    return [state for state, targets in MOVES.items() if target in targets]
