"""What the service needs of the world; each has an implementation here and a fake in the tests."""

from collections.abc import Iterator, Sequence
from typing import Protocol, Self

from chalicelib.measure.model import Window
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import Claim, Cursor, Report, Task
from chalicelib.users.model import User
from chalicelib.users.tallies import Tally


class Clock(Protocol):
    """Time, both as people and as intervals have it."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds that only grow, also when somebody sets the clock."""

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""


class Feed(Protocol):
    """The reports of a window that is being measured; a context that ends the measuring."""

    def __iter__(self) -> Iterator[str]:
        """The text of each report as it comes, and no more after a `stop`.

        Raises Killed where iostat was ended by somebody else before all reports were in, and
        MachineFailed where it cannot be had, refuses, hangs or writes what is no report.
        """

    def stop(self) -> None:
        """End the measuring now; from any thread, and any number of times."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class Machine(Protocol):
    """A machine that can be measured."""

    name: str

    @property
    def source(self) -> str:
        """What measures: "iostat" or "procfs"."""

    def uptime(self) -> str:
        """What ``uptime`` prints, stripped. Raises MachineFailed."""

    def uptime_numbers(self) -> dict[str, object]:
        """That as "uptime", and "seconds", "users", "load" and "host". Raises MachineFailed."""

    def open(self, window: Window, *, first: int = 0, patience: float = 30) -> Feed:
        """Start the reports of `window` from index `first` on. Raises MachineFailed, Killed."""


class Dispatcher(Protocol):
    """Where hints are sent."""

    def send(self, task_id: str) -> None:
        """Tell the workers that there is something to do for the task. Raises Outage."""

    def reach(self) -> None:
        """Find the queue. Raises Outage."""

    def dead_letters(self) -> int:
        """About how many messages no worker could deal with. Raises Outage."""


class Refused(Exception):
    """A conditional write was refused: `old` is the task as it stands, None where there is none."""

    def __init__(self, old: Task | None) -> None:
        super().__init__(f"refused, as the task stands: {old}")
        self.old = old


class Conflict(Exception):
    """A conditional write was refused: somebody else was faster. Read again."""


class UserStore(Protocol):
    """Users. Every method may raise Outage."""

    def get(self, username: str) -> User | None:
        """The user as it stands, after everything that was acknowledged before."""

    def after(self, username: str | None, most: int) -> list[User]:
        """The users whose names come after that one, by bytes; `most` of them at most."""

    def write(self, before: User | None, after: User | None) -> None:
        """Make one of the other in a single step; None is no user, another name a rename.

        Raises Conflict where `before` is not as it stands, UsernameTaken where `after` is the
        name of another, and LastAdmin where no admin would be left. A write whose answer was
        lost and that is tried again succeeds, as it had the first time.
        """


class TallyStore(Protocol):
    """Tallies of logins. Every method may raise Outage."""

    def tallies(self, whos: list[str]) -> dict[str, Tally]:
        """Those that there are, as they stand."""

    def move(self, before: Tally, after: Tally) -> None:
        """Write `after`, if `before` is as it stands (or none was), by its token. Raises Conflict.

        A write whose answer was lost and that is tried again succeeds, as it had the first time.
        """


class Store(Protocol):
    """Tasks and their reports. Every write is conditional; every method may raise Outage.

    A write whose answer was lost and that is tried again succeeds, as it had the first time.
    """

    def create(self, task: Task, key: IdempotencyKey | None = None) -> IdempotencyKey | None:
        """Keep a new task, and with it the key that names its create.

        Where somebody else's create holds that key nothing is kept, and its own is given. Raises
        Conflict where both are being made at the same moment.
        """

    def get(self, task_id: str) -> Task | None:
        """The task as it stands, after everything that was acknowledged before."""

    def get_many(self, task_ids: list[str]) -> list[Task]:
        """The same for many at once, those that there are, in no order."""

    def due(self, now: float) -> Iterator[str]:
        """The ids of open tasks that are due by `now`, as an index has them: the longest due
        first, and perhaps not quite as they stand.
        """

    def claim(self, claim: Claim) -> Task:
        """Start the next run of a task that is queued or was given back. Raises Refused."""

    def move(
        self, before: Task, after: Task, *, seen: Sequence[str] = (), held: bool = False
    ) -> None:
        """Write what `after` changes, if the task is still in the state and run of `before`.

        The fields named in `seen` must be as in `before`, too; with `held` the run must not have
        given it back, and its lease must end before that of `after`. Raises Refused.
        """

    def cancel(self, task_id: str, version: str, ended_at: float, expires_at: float) -> None:
        """Revoke the task of that version, if it has not ended. Raises Refused."""

    def put_report(self, task_id: str, report: Report, expires_at: float) -> None:
        """Keep a report, unless a later run has written that index. Raises Refused(None)."""

    def newest(self, after: Cursor | None, batch: int) -> Iterator[Task]:
        """The tasks of v3, the newest first; those that were made before `after`, if it is given.

        They are found in an index, which may lag a moment, `batch` (1 to 100) at a time.
        """

    def reports(self, task: Task, since: int = 0) -> Iterator[Report]:
        """The reports that are in, from index `since` to ``task.done``, in their order."""
