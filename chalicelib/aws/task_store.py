"""Tasks, reports and idempotency keys in DynamoDB, and the condition of each write."""

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib import errors
from chalicelib.aws import keys, listed_tasks, open_tasks, task_items
from chalicelib.aws.dynamodb import Cancelled, Step, Table, Unmet, transact
from chalicelib.aws.items import to_item, ttl
from chalicelib.tasks import model
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import Claim, Report, State, Swept, Task
from chalicelib.tasks.ports import Refused

#: Times that several tasks are stored while others write some of them.
_MOST_TRIES = 5

_NEW = "attribute_not_exists(#task_id)"
_QUEUED_OR_GIVEN_BACK = "(#state = :queued OR (#state = :started AND #lease_until = :given_back))"
#: A task for a host is for the host of that name alone; others are for workers of any name.
_OF_THIS_HOST, _OF_NO_HOST = "#target = :target", "attribute_not_exists(#target)"
_IN_TIME = "(attribute_not_exists(#start_by) OR #start_by >= :started_at OR #state = :started)"
_SAME_RUN = "#state = :was_state AND #run = :was_run"
_LEASED = "#lease_until > :given_back AND #lease_until < :lease_until"
_NOT_ENDED = "#version = :version AND #state IN ({})"
_LATER_SWEEP = "attribute_not_exists(#key) OR #at <= :at OR #at > :latest"
_NOT_OF_A_LATER_RUN = "attribute_not_exists(#run) OR #run <= :run"


class DynamoTaskStore:
    """`tasks.ports.Store` on three tables: tasks, reports by task and index, idempotency keys."""

    def __init__(self, client: Any, *, tasks: str, reports: str, keys: str) -> None:
        self._client, self._keys = client, Table(client, keys)
        self._tasks, self._reports = Table(client, tasks), Table(client, reports)

    def create(self, task: Task, key: IdempotencyKey | None = None) -> IdempotencyKey | None:
        put = self._tasks.to_put(task_items.attributes(task), _NEW)
        if key:
            return keys.once(self._client, self._keys, key, task.created_at, put)
        try:
            self._tasks.put(put)
        except Unmet as unmet:
            # Nobody else makes this id, so an earlier try of ours has stored it and its answer was
            # lost. A worker or a cancel may have changed it since.
            refused = _refused(unmet)
            if refused.old is None or refused.old.created_at != task.created_at:
                raise refused from unmet
        return None

    def get(self, task_id: str) -> Task | None:
        item = self._tasks.get(task_items.key(task_id))
        return task_items.to_task(item) if item else None

    def create_many(self, tasks: list[Task]) -> None:
        # Several: a worker or another process may write some of them at the same moment.
        for _ in range(_MOST_TRIES):
            steps = [self._tasks.to_put(task_items.attributes(task), _NEW) for task in tasks]
            try:
                return transact(self._client, steps)
            except Cancelled as cancelled:
                # Those that are not new are there, by an earlier try or another process.
                reasons = zip(tasks, cancelled.reasons, strict=True)
                tasks = [task for task, reason in reasons if not isinstance(reason, Unmet)]
            if not tasks:
                return None
        raise errors.Outage

    def get_many(self, task_ids: list[str], *, fresh: bool = True) -> list[Task]:
        keys = [task_items.key(task_id) for task_id in task_ids]
        found = self._tasks.get_many(keys, fresh=fresh)
        return [task_items.to_task(item) for item in found]

    def running(self) -> Iterator[str]:
        return open_tasks.running(self._tasks)

    def unended(self, version: str, after: Cursor | None) -> Iterator[Cursor]:
        return open_tasks.unended(self._tasks, version, after)

    def due(self, now: float) -> Iterator[str]:
        return open_tasks.due(self._tasks, now)

    def count_open(self, version: str, most: int) -> int:
        return open_tasks.count_open(self._tasks, version, most)

    def count_opened_by(self, source: str, most: int) -> int:
        return open_tasks.count_opened_by(self._tasks, source, most)

    def swept(self) -> Swept:
        item = self._keys.get(to_item({"key": task_items.SWEPT}))
        return task_items.to_swept(item) if item else Swept()

    def keep_swept(self, swept: Swept) -> None:
        attributes = task_items.swept_attributes(swept)
        # A later sweep has more recent things to say; one of days ahead had a wrong clock.
        values = {"at": swept.at, "latest": swept.at + model.DAY}
        step = self._keys.to_put(attributes, _LATER_SWEEP, values)
        with contextlib.suppress(Unmet):
            self._keys.put(step)

    def key(self, digest: str, now: float) -> IdempotencyKey | None:
        item = self._keys.get(to_item({"key": digest}))
        found = task_items.to_key(item) if item else None
        return found if found and found.valid_until > now else None

    def claim(self, claim: Claim) -> Task:
        fields = claim._asdict() | {"state": State.STARTED, "hints": 0}
        key, target = task_items.key(fields.pop("task_id")), fields.pop("target")
        whose = _OF_THIS_HOST if target else _OF_NO_HOST
        step = self._tasks.to_update(
            key,
            fields,
            f"{_QUEUED_OR_GIVEN_BACK} AND {whose} AND {_IN_TIME}",
            {
                **({"target": target} if target else {}),
                "queued": State.QUEUED,
                "started": State.STARTED,
                "given_back": 0,
                "one": 1,
                "old": task_items.OF_THE_RELEASE_BEFORE,
            },
            computed={
                "run": "#run + :one",
                "started_at": "if_not_exists(#started_at, :started_at)",
                # Among the running tasks it has the same partition as among the open ones.
                "running": "if_not_exists(#unended, :old)",
            },
        )
        try:
            return task_items.to_task(self._tasks.updated(step))
        except Unmet as unmet:
            # The claim is ours if an earlier try has made it, its answer was lost, and nobody
            # has cancelled the task since.
            refused = _refused(unmet)
            old = refused.old
            if old is None or old.token != claim.token or old.state is not State.STARTED:
                raise refused from unmet
            return old

    def move(
        self, before: Task, after: Task, *, seen: Sequence[str] = (), leased: bool = False
    ) -> None:
        if before.state.ended:
            raise Refused(before)
        model.check_move(before.state, after.state)
        old, new = task_items.attributes(before), task_items.attributes(after)
        changes = {name: new[name] for name in new if new[name] != old[name]}
        if all(thing is None for thing in changes.values()):
            # `to_update` needs an attribute to set, even if we only remove some.
            changes["state"] = after.state
        values = {"was_state": before.state, "was_run": before.run}
        values |= {f"was_{name}": old[name] for name in seen}
        conditions = [_SAME_RUN, *(f"#{name} = :was_{name}" for name in seen)]
        if leased:
            conditions.append(_LEASED)
            values["given_back"] = 0
        key, condition = task_items.key(before.task_id), " AND ".join(conditions)
        try:
            self._update(self._tasks.to_update(key, changes, condition, values))
        except Refused as refused:
            if refused.old is None or not _is_done(refused.old, after, changes):
                raise

    def cancel(self, task_id: str, version: str, ended_at: float, expires_at: float) -> Task:
        end = task_items.end(State.REVOKED, ended_at, expires_at)
        states = {f"from_{state.lower()}": state for state in model.sources(State.REVOKED)}
        condition = _NOT_ENDED.format(", ".join(f":{name}" for name in states))
        values = {"version": version, **states, "expires": expires_at, "ttl": end["ttl"]}
        # A task of a group is kept for as long as the group.
        kept = {
            "expires_at": "if_not_exists(#kept_until, :expires)",
            "ttl": "if_not_exists(#kept_until, :ttl)",
        }
        changes = {name: thing for name, thing in end.items() if name not in kept}
        key = task_items.key(task_id)
        step = self._tasks.to_update(key, changes, condition, values, kept)
        try:
            return task_items.to_task(self._tasks.updated(step))
        except Unmet as unmet:
            raise _refused(unmet) from unmet

    def put_report(self, task_id: str, report: Report, expires_at: float) -> None:
        item = report._asdict() | {"task_id": task_id, "ttl": ttl(expires_at)}
        step = self._reports.to_put(item, _NOT_OF_A_LATER_RUN, {"run": report.run})
        try:
            self._reports.put(step)
        except Unmet as unmet:
            raise Refused(None) from unmet

    def reports(self, task: Task, since: int = 0) -> Iterator[Report]:
        last = task.last_report
        until = task.done - 1 if last else task.done
        if until - since == 1:
            # A caller who follows a window asks for one report at a time: get it without a query.
            key = to_item({"task_id": task.task_id, "index": since})
            item = self._reports.get(key)
            yield from task_items.to_reports([item] if item else [])
        elif since < until:
            found = self._reports.query(
                "#task_id = :task_id AND #index BETWEEN :since AND :last",
                {"task_id": task.task_id, "since": since, "last": until - 1},
                ConsistentRead=True,
            )
            yield from task_items.to_reports(found)
        if last and since < task.done:
            yield last

    def reports_at(self, places: list[tuple[str, int]]) -> dict[tuple[str, int], Report]:
        keys = [to_item({"task_id": task_id, "index": index}) for task_id, index in places]
        found = self._reports.get_many(keys, fresh=False)
        reports = [
            (item["task_id"]["S"], report)
            for item in found
            for report in task_items.to_reports([item])
        ]
        return {(task_id, report.index): report for task_id, report in reports}

    def newest(self, after: Cursor | None, batch: int) -> Iterator[Task]:
        found = listed_tasks.newest(self._tasks, after, batch)
        # The index has only keys, and may be a moment behind. So the tasks are read from the table.
        while places := list(itertools.islice(found, batch)):
            ids = [place.task_id for place in places]
            tasks = {task.task_id: task for task in self.get_many(ids)}
            yield from (tasks[task_id] for task_id in ids if task_id in tasks)

    def _update(self, step: Step) -> None:
        """Do a step on the table of tasks. Raises Refused."""
        try:
            self._tasks.update(step)
        except Unmet as unmet:
            raise _refused(unmet) from unmet


def _refused(unmet: Unmet) -> Refused:
    return Refused(task_items.to_task(unmet.old) if unmet.old else None)


def _is_done(task: Task, after: Task, changes: Mapping[str, object]) -> bool:
    """Tell whether a task is as our own write leaves it: then only the answer to it was lost."""
    now = task_items.attributes(task)
    same = task.state is after.state and task.run == after.run
    return same and all(now[name] == thing for name, thing in changes.items())
