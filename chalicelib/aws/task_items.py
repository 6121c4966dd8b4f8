"""Tasks and reports as items of DynamoDB, and back."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from chalicelib.measure.model import Window
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import Cursor, Report, State, Task

Item = dict[str, Any]

#: The parts of the index of open tasks: several, so that none of them is a hot one.
SHARDS = ("open-0", "open-1", "open-2", "open-3")

#: The version whose tasks are on the index of all.
LISTED = "v3"

_WHOLE = {"count", "wait", "hints", "run", "failures", "done", "index"}
_TASK_FIELDS = {field.name for field in dataclasses.fields(Task)}
_REPORT_FIELDS = {field.name for field in dataclasses.fields(Report)}


def key(task_id: str) -> Item:
    """The key of a task."""
    return {"task_id": value(task_id)}


def place(at: Cursor) -> Item:
    """The key of a task on the index of all tasks."""
    keys = {"listed": LISTED, "created_at": at.created_at, "task_id": at.task_id}
    return to_item(keys)


def value(thing: object) -> dict[str, str | bool]:
    """One attribute value: a string, a boolean, or a number."""
    if isinstance(thing, bool):
        return {"BOOL": thing}
    return {"S": str(thing)} if isinstance(thing, str) else {"N": repr(thing)}


def attributes(task: Task) -> dict[str, object]:
    """The task's attributes; None stands for one that is not stored."""
    fields = {name: getattr(task, name) for name in _TASK_FIELDS - {"window"}}
    return fields | {
        "count": task.window.count,
        "wait": task.window.wait,
        # Only open tasks bear this attribute, so only they are on the index.
        "open": None if task.due_at is None else shard(task.task_id),
        # Only tasks of v3 are listed, so only they bear this one.
        "listed": task.version if task.version == LISTED else None,
        "ttl": None if task.expires_at is None else ttl(task.expires_at),
    }


def end(state: State, ended_at: float, expires_at: float) -> dict[str, object]:
    """The attributes that a task's end changes."""
    return {
        "state": state,
        "ended_at": ended_at,
        "expires_at": expires_at,
        "ttl": ttl(expires_at),
        "due_at": None,
        "open": None,
    }


def shard(task_id: str) -> str:
    """The part of the index of open tasks that a task is on."""
    return SHARDS[int(task_id[-1], 16) % len(SHARDS)]


def ttl(expires_at: float) -> int:
    """When DynamoDB may delete an item: whole seconds, never too early."""
    return math.ceil(expires_at)


def to_item(attributes: Mapping[str, object]) -> Item:
    """An item of attributes, those left out that are None."""
    return {name: value(thing) for name, thing in attributes.items() if thing is not None}


def to_task(item: Item) -> Task:
    """The task of an item."""
    fields = plain(item)
    return Task(
        window=Window(fields["count"], fields["wait"]),
        state=State(fields.pop("state")),
        **{name: thing for name, thing in fields.items() if name in _TASK_FIELDS},
    )


def to_report(item: Item) -> Report:
    """The report of an item."""
    fields = plain(item)
    return Report(**{name: fields[name] for name in _REPORT_FIELDS})


def key_attributes(key: IdempotencyKey) -> dict[str, object]:
    """The attributes of an idempotency key."""
    fields = {name: getattr(key, name) for name in ("key", "task_id", "held_until")}
    numbers = {"count": key.window.count, "wait": key.window.wait}
    return {**fields, **numbers, "ttl": ttl(key.held_until)}


def to_key(item: Item) -> IdempotencyKey:
    """The idempotency key of an item."""
    fields = plain(item)
    return IdempotencyKey(
        key=fields["key"],
        task_id=fields["task_id"],
        window=Window(fields["count"], fields["wait"]),
        held_until=fields["held_until"],
    )


def plain(item: Item) -> dict[str, Any]:
    """An item's attributes as Python has them."""
    return {
        name: _read(name, kind, raw) for name, typed in item.items() for kind, raw in typed.items()
    }


def _read(name: str, kind: str, raw: Any) -> Any:
    if kind != "N":
        return raw
    return int(raw) if name in _WHOLE else float(raw)
