"""Tasks and reports in DynamoDB: the one file that knows its expressions."""

import dataclasses
import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import aws, items
from chalicelib.ports import Refused
from chalicelib.tasks import MOVES, Claim, Report, State, Task, sources

#: Keys that BatchGetItem takes at once.
_BATCH = 100

_NEW = "attribute_not_exists(#task_id)"
_QUEUED_OR_GIVEN_BACK = "#state = :queued OR (#state = :started AND #lease_until = :given_back)"
_SAME_RUN = "#state = :was_state AND #run = :was_run"
_HELD = "#lease_until > :given_back AND #lease_until < :lease_until"
_NOT_ENDED = "#version = :version AND #state IN (:queued, :started)"
_NOT_OF_A_LATER_RUN = "attribute_not_exists(#run) OR #run <= :run"


class DynamoStore:
    """`ports.Store` on two tables: tasks by id, reports by task and index."""

    def __init__(self, client: Any, *, tasks: str, reports: str) -> None:
        self._client, self._tasks, self._reports = client, tasks, reports

    def create(self, task: Task) -> None:
        """See `ports.Store`."""
        try:
            self._put(self._tasks, items.attributes(task), _NEW)
        except Refused as refused:
            # Nobody else makes this id: an earlier try of ours, whose answer was lost. Others may
            # have touched it since.
            if refused.old is None or refused.old.created_at != task.created_at:
                raise

    def get(self, task_id: str) -> Task | None:
        """See `ports.Store`."""
        answer = aws.ask(
            self._client.get_item,
            TableName=self._tasks,
            Key=items.key(task_id),
            ConsistentRead=True,
        )
        return items.to_task(answer["Item"]) if "Item" in answer else None

    def get_many(self, task_ids: list[str]) -> list[Task]:
        """See `ports.Store`."""
        found: list[items.Item] = []
        for start in range(0, len(task_ids), _BATCH):
            keys = [items.key(task_id) for task_id in task_ids[start : start + _BATCH]]
            wanted: Any = {self._tasks: {"Keys": keys, "ConsistentRead": True}}
            while wanted:
                answer = aws.ask(self._client.batch_get_item, RequestItems=wanted)
                found += answer["Responses"].get(self._tasks, [])
                wanted = answer.get("UnprocessedKeys")
        return [items.to_task(item) for item in found]

    def due(self, now: float) -> Iterator[str]:
        """See `ports.Store`."""
        shards = [self._due_in(shard, now) for shard in items.SHARDS]
        for _, task_id in heapq.merge(*shards):
            yield task_id

    def claim(self, claim: Claim) -> Task:
        """See `ports.Store`."""
        fields = dataclasses.asdict(claim) | {"state": State.STARTED, "hints": 0}
        task_id = fields.pop("task_id")
        try:
            return self._update(
                task_id,
                fields,
                _QUEUED_OR_GIVEN_BACK,
                {"queued": State.QUEUED, "started": State.STARTED, "given_back": 0, "one": 1},
                computed={
                    "run": "#run + :one",
                    "started_at": "if_not_exists(#started_at, :started_at)",
                },
            )
        except Refused as refused:
            # Ours already, if nobody cancelled since: an earlier try had won, its answer was lost.
            old = refused.old
            if old is None or old.token != claim.token or old.state is not State.STARTED:
                raise
            return old

    def move(
        self, before: Task, after: Task, *, seen: Sequence[str] = (), held: bool = False
    ) -> None:
        """See `ports.Store`."""
        if before.state.ended:
            raise Refused(before)
        assert after.state is before.state or after.state in MOVES[before.state]
        old, new = items.attributes(before), items.attributes(after)
        # The state is written even if nothing else is: the condition must be asked all the same.
        changes = {name: new[name] for name in new if new[name] != old[name] or name == "state"}
        values = {"was_state": before.state, "was_run": before.run}
        values |= {f"was_{name}": old[name] for name in seen}
        conditions = [_SAME_RUN, *(f"#{name} = :was_{name}" for name in seen)]
        if held:
            conditions.append(_HELD)
            values["given_back"] = 0
        try:
            self._update(before.task_id, changes, " AND ".join(conditions), values)
        except Refused as refused:
            if refused.old is None or not _holds(refused.old, changes, run=after.run):
                raise

    def cancel(self, task_id: str, version: str, ended_at: float, expires_at: float) -> None:
        """See `ports.Store`."""
        queued, started = sources(State.REVOKED)
        end = items.end(State.REVOKED, ended_at, expires_at)
        values = {"version": version, "queued": queued, "started": started}
        self._update(task_id, end, _NOT_ENDED, values)

    def put_report(self, task_id: str, report: Report, expires_at: float) -> None:
        """See `ports.Store`."""
        item = dataclasses.asdict(report) | {"task_id": task_id, "ttl": items.ttl(expires_at)}
        self._put(self._reports, item, _NOT_OF_A_LATER_RUN, {"run": report.run})

    def reports(self, task: Task) -> list[Report]:
        """See `ports.Store`."""
        if not task.done:
            return []
        found = self._query(
            "#task_id = :task_id AND #index < :done",
            {"task_id": task.task_id, "done": task.done},
            TableName=self._reports,
            ConsistentRead=True,
        )
        return [items.to_report(item) for item in found]

    def _due_in(self, shard: str, now: float) -> Iterator[tuple[float, str]]:
        found = self._query(
            "#open = :open AND #due_at <= :due_at",
            {"open": shard, "due_at": now},
            TableName=self._tasks,
            IndexName="open",
        )
        for item in found:
            yield float(item["due_at"]["N"]), item["task_id"]["S"]

    def _query(
        self, condition: str, values: Mapping[str, object], **parameters: Any
    ) -> Iterator[items.Item]:
        """The items of a query, page by page."""
        page: dict[str, Any] | None = {}
        while page is not None:
            answer = aws.ask(
                self._client.query,
                KeyConditionExpression=condition,
                ExpressionAttributeNames=_names(condition),
                ExpressionAttributeValues=_values(values),
                **parameters,
                **page,
            )
            yield from answer["Items"]
            last = answer.get("LastEvaluatedKey")
            page = {"ExclusiveStartKey": last} if last else None

    def _put(
        self,
        table: str,
        attributes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object] | None = None,
    ) -> None:
        parameters = {"ExpressionAttributeValues": _values(values)} if values else {}
        self._write(
            self._client.put_item,
            TableName=table,
            Item=items.to_item(attributes),
            ConditionExpression=condition,
            ExpressionAttributeNames=_names(condition),
            **parameters,
        )

    def _update(
        self,
        task_id: str,
        changes: Mapping[str, object],
        condition: str,
        values: Mapping[str, object],
        computed: Mapping[str, str] | None = None,
    ) -> Task:
        """Write `changes` (None removes) if `condition` holds, and give the task as it is then."""
        given = {name: thing for name, thing in changes.items() if thing is not None}
        expressions = {name: f":{name}" for name in given} | dict(computed or {})
        update = "SET " + ", ".join(f"#{name} = {to}" for name, to in expressions.items())
        removed = [f"#{name}" for name in changes if name not in given]
        if removed:
            update += " REMOVE " + ", ".join(removed)
        answer = self._write(
            self._client.update_item,
            TableName=self._tasks,
            Key=items.key(task_id),
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeNames=_names(update + condition),
            ExpressionAttributeValues=_values({**given, **values}),
            ReturnValues="ALL_NEW",
        )
        return items.to_task(answer["Attributes"])

    def _write(self, operation: Any, **parameters: Any) -> Any:
        try:
            return aws.ask(operation, ReturnValuesOnConditionCheckFailure="ALL_OLD", **parameters)
        except ClientError as exc:
            if exc.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            old = exc.response.get("Item")
            raise Refused(items.to_task(old) if old and "state" in old else None) from exc


def _holds(task: Task, changes: Mapping[str, object], *, run: int) -> bool:
    """Whether the task is as our own write leaves it: it was made, and its answer was lost."""
    now = items.attributes(task)
    return task.run == run and all(now[name] == thing for name, thing in changes.items())


def _names(expression: str) -> dict[str, str]:
    """Every #name in an expression; many of DynamoDB's own words are names of ours."""
    return {f"#{name}": name for name in re.findall(r"#(\w+)", expression)}


def _values(values: Mapping[str, object]) -> items.Item:
    return {f":{name}": items.value(thing) for name, thing in values.items()}
