"""What the use cases need: a queue and a store. `aws` has the real ones, the tests have fakes."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.group import Group
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import Claim, Report, Swept, Task


class Dispatcher(Protocol):
    """Sends hints to the workers."""

    def send(self, task_id: str, version: str) -> None:
        """Tell the workers that there is something to do for a task. Raises Outage.

        Each version of the API has workers of its own, so that the tasks of strangers, in v2, do
        not keep those of users waiting.
        """

    def reach(self) -> None:
        """Check that the queues can be reached. Raises Outage."""

    def dead_letters(self) -> int:
        """Give the number of dead letters, which is not exact. Raises Outage."""


class Refused(Exception):
    """The condition of a write was not met.

    `old` is the stored task, None if there is none or it was not read.
    """

    def __init__(self, old: Task | None) -> None:
        super().__init__(f"refused; the stored task is {old}")
        self.old = old


class Store(Protocol):
    """Stores tasks and reports. Every write has a condition; every method may raise Outage.

    When the answer to a write was lost and it is tried again, it succeeds as it did the first
    time.
    """

    def create(self, task: Task, key: IdempotencyKey | None = None) -> IdempotencyKey | None:
        """Store a new task, and with it the idempotency key of its create; give None.

        If an earlier create had the same key, nothing is stored and that key is given. Raises
        Conflict if two creates with one key meet at the same moment.
        """

    def get(self, task_id: str) -> Task | None:
        """Give the task, None if there is none. The read sees every write that ended before it."""

    def create_many(self, tasks: list[Task]) -> None:
        """Store new tasks, at most 25. Those that are there already stay as they are."""

    def get_many(self, task_ids: list[str], *, fresh: bool = True) -> list[Task]:
        """Give the tasks of these ids that exist, in any order, read as by `get`.

        Those that are not `fresh` may be as they were a moment ago; they cost half as much.
        """

    def running(self) -> Iterator[str]:
        """Give the ids of tasks that a run has a lease on, those of users first.

        They come from an index, which may be a moment behind; so do all others below.
        """

    def unended(self, version: str, after: Cursor | None) -> Iterator[Cursor]:
        """Give the open tasks of a version, the oldest first; with `after`, those behind it."""

    def due(self, now: float) -> Iterator[str]:
        """Give the ids of tasks of the release before that are due by `now`.

        They are in an index of that release, and not among those of `unended`.
        """

    def count_open(self, version: str, most: int) -> int:
        """Count the open tasks of a version, up to `most`."""

    def count_opened_by(self, source: str, most: int) -> int:
        """Count the open tasks of v2 that came from a source address, up to `most`."""

    def swept(self) -> Swept:
        """Give what the last sweep has left."""

    def keep_swept(self, swept: Swept) -> None:
        """Store what a sweep leaves, unless a later one has done so."""

    def key(self, digest: str, now: float) -> IdempotencyKey | None:
        """Give the idempotency key that is stored under a digest, if it is valid at `now`."""

    def claim(self, claim: Claim) -> Task:
        """Begin the next run of a task that is queued or given back. Raises Refused.

        Gives the task as it is then.
        """

    def move(
        self, before: Task, after: Task, *, seen: Sequence[str] = (), leased: bool = False
    ) -> None:
        """Write what `after` changes, if state and run are still those of `before`.

        The fields named in `seen` must be those of `before` as well. With `leased` the run must
        not have given the task back, and the stored lease must end before that of `after`. Raises
        Refused, and IllegalMove for a move that `MOVES` does not have.
        """

    def cancel(self, task_id: str, version: str, ended_at: float, expires_at: float) -> Task:
        """Revoke a task of that version, if it has not ended, and give it. Raises Refused."""

    def put_report(self, task_id: str, report: Report, expires_at: float) -> None:
        """Store a report, unless a later run has written that index. Raises Refused(None)."""

    def newest(self, after: Cursor | None, batch: int) -> Iterator[Task]:
        """Give the tasks of v3, the newest first; with `after`, those that follow it.

        They come from an index, which may be a moment behind, and are read `batch` at a time.
        """

    def reports(self, task: Task, since: int = 0) -> Iterator[Report]:
        """Give the stored reports in their order, from index `since` to ``task.done`` - 1."""

    def reports_at(self, places: list[tuple[str, int]]) -> dict[tuple[str, int], Report]:
        """Give the reports that are stored at these places, each a task's id and an index.

        They are as they were a moment ago.
        """


class GroupStore(Protocol):
    """Stores groups. As in `Store`, a write that is tried again succeeds as the first time."""

    def create(self, group: Group, key: IdempotencyKey | None = None) -> IdempotencyKey | None:
        """Store a new group that is not made yet, and with it the key of its create; give None.

        If an earlier create had the same key, nothing is stored and that key is given. Raises
        Conflict if two creates with one key meet at the same moment.
        """

    def get(self, group_id: str) -> Group | None:
        """Give the group, None if there is none. The read sees every write that ended before it."""

    def cancel(self, group_id: str, at: float) -> Group:
        """Note when a group was first cancelled, and that this is not made yet; give the group."""

    def mark_made(self, group_id: str) -> None:
        """Note that all tasks of a group are there, or have ended if it was cancelled."""

    def unmade(self, before: float) -> Iterator[str]:
        """Give the ids of groups that are not made, and were created before that time.

        They come from an index, which may be a moment behind.
        """
