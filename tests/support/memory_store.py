"""A store of tasks in memory, with the same conditions as on DynamoDB."""

import threading
from collections.abc import Callable, Iterator, Sequence

from chalicelib.aws import task_items
from chalicelib.aws.items import to_item
from chalicelib.tasks import model
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import Claim, Report, State, Swept, Task
from chalicelib.tasks.ports import Refused


class MemoryStore:
    """`tasks.ports.Store` in memory, with the same conditions as on DynamoDB."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.keys: dict[str, IdempotencyKey] = {}
        self.stored: dict[tuple[str, int], Report] = {}
        #: When each report may be deleted.
        self.report_expiry: dict[tuple[str, int], float] = {}
        #: What the last sweep has left.
        self.left = Swept()
        #: Called before each method, with the name of the method; it may raise an error.
        self.before: Callable[[str], None] = lambda method: None
        self._lock = threading.Lock()

    def create(self, task: Task, key: IdempotencyKey | None = None) -> IdempotencyKey | None:
        self.before("create")
        with self._lock:
            if key:
                taken = self.keys.get(key.key)
                if taken and taken.valid_until > task.created_at:
                    return None if taken.task_id == task.task_id else taken
                self.keys[key.key] = key
            if self.tasks.setdefault(task.task_id, task).created_at != task.created_at:
                raise Refused(self.tasks[task.task_id])
        return None

    def get(self, task_id: str) -> Task | None:
        self.before("get")
        return self.tasks.get(task_id)

    def create_many(self, tasks: list[Task]) -> None:
        self.before("create_many")
        with self._lock:
            for task in tasks:
                self.tasks.setdefault(task.task_id, task)

    def get_many(self, task_ids: list[str], *, fresh: bool = True) -> list[Task]:
        self.before("get_many")
        return [self.tasks[task_id] for task_id in task_ids if task_id in self.tasks]

    def running(self) -> Iterator[str]:
        self.before("running")
        leased = [it for it in self.tasks.values() if it.state is State.STARTED and it.lease_until]
        ordered = sorted(leased, key=lambda it: (it.version != "v3", it.started_at or 0))
        return iter([task.task_id for task in ordered])

    def unended(self, version: str, after: Cursor | None) -> Iterator[Cursor]:
        self.before("unended")
        tasks = [it for it in self.tasks.values() if it.version == version and it.due_at]
        places = sorted(Cursor(task.created_at, task.task_id) for task in tasks)
        return iter([place for place in places if after is None or place > after])

    def due(self, now: float) -> Iterator[str]:
        return iter([])

    def count_open(self, version: str, most: int) -> int:
        self.before("count_open")
        return min(most, len(list(self.unended(version, None))))

    def count_opened_by(self, source: str, most: int) -> int:
        self.before("count_opened_by")
        return min(most, [it.opened_by for it in self.tasks.values()].count(source))

    def swept(self) -> Swept:
        self.before("swept")
        return self.left

    def keep_swept(self, swept: Swept) -> None:
        self.before("keep_swept")
        if not swept.at < self.left.at <= swept.at + model.DAY:
            self.left = swept

    def key(self, digest: str, now: float) -> IdempotencyKey | None:
        self.before("key")
        found = self.keys.get(digest)
        return found if found and found.valid_until > now else None

    def claim(self, claim: Claim) -> Task:
        self.before("claim")
        with self._lock:
            old = self.tasks.get(claim.task_id)
            if old and old.token == claim.token and old.state is State.STARTED:
                return old
            given_back = old and old.state is State.STARTED and old.lease_until == 0
            if old is None or not (old.state is State.QUEUED or given_back):
                raise Refused(old)
            late = old.start_by is not None and old.start_by < claim.started_at
            if old.target != claim.target or (late and not given_back):
                raise Refused(old)
            fields = claim._asdict() | {"hints": 0, "run": old.run + 1}
            fields["started_at"] = old.started_at or claim.started_at
            self.tasks[old.task_id] = old._replace(state=State.STARTED, **fields)
            return self.tasks[old.task_id]

    def move(
        self, before: Task, after: Task, *, seen: Sequence[str] = (), leased: bool = False
    ) -> None:
        self.before("move")
        if before.state.ended:
            raise Refused(before)
        model.check_move(before.state, after.state)
        was, will = task_items.attributes(before), task_items.attributes(after)
        changes = {name: will[name] for name in will if will[name] != was[name] or name == "state"}
        with self._lock:
            old = self.tasks.get(before.task_id)
            if old is None:
                raise Refused(None)
            now = task_items.attributes(old)
            stale = any(now[name] != was[name] for name in ("state", "run", *seen))
            if stale or (leased and not 0 < old.lease_until < after.lease_until):
                if old.run == after.run and all(now[name] == changes[name] for name in changes):
                    return
                raise Refused(old)
            self.tasks[old.task_id] = task_items.to_task(to_item(now | changes))

    def cancel(self, task_id: str, version: str, ended_at: float, expires_at: float) -> Task:
        self.before("cancel")
        with self._lock:
            old = self.tasks.get(task_id)
            if old is None or old.version != version or old.state.ended:
                raise Refused(old)
            end = task_items.end(State.REVOKED, ended_at, old.kept_until or expires_at)
            self.tasks[task_id] = task_items.to_task(to_item(task_items.attributes(old) | end))
            return self.tasks[task_id]

    def newest(self, after: Cursor | None, batch: int) -> Iterator[Task]:
        self.before("newest")
        listed = [task for task in self.tasks.values() if task.version == "v3"]
        for task in sorted(listed, key=_place, reverse=True):
            if after is None or _place(task) < after:
                yield task

    def put_report(self, task_id: str, report: Report, expires_at: float) -> None:
        self.before("put_report")
        key = (task_id, report.index)
        with self._lock:
            if key in self.stored and self.stored[key].run > report.run:
                raise Refused(None)
            self.stored[key] = report
            self.report_expiry[key] = expires_at

    def reports(self, task: Task, since: int = 0) -> Iterator[Report]:
        self.before("reports")
        last = [task.last_report] if task.last_report else []
        keys = [(task.task_id, index) for index in range(since, task.done - len(last))]
        kept = [self.stored[key] for key in keys if key in self.stored]
        return iter([*kept, *(last if since < task.done else [])])

    def reports_at(self, places: list[tuple[str, int]]) -> dict[tuple[str, int], Report]:
        self.before("reports_at")
        return {place: self.stored[place] for place in places if place in self.stored}


def _place(task: Task) -> Cursor:
    return Cursor(task.created_at, task.task_id)
