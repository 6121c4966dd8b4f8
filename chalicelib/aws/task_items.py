"""Tasks, reports and idempotency keys as items of DynamoDB."""

from chalicelib.aws.items import Item, number, read, to_item, ttl, value
from chalicelib.measure.model import Window
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import LOGIN_VERSION, Cursor, Report, State, Task

#: The partitions of the index of open tasks: several, so that none gets all the writes.
SHARDS = ("open-0", "open-1", "open-2", "open-3")

_TASK_FIELDS = set(Task._fields)


def key(task_id: str) -> Item:
    """Give the key of a task."""
    return {"task_id": value(task_id)}


def cursor(at: Cursor) -> Item:
    """Give the key of a task in the index of listed tasks."""
    return to_item({"listed": LOGIN_VERSION, "created_at": at.created_at, "task_id": at.task_id})


def attributes(task: Task) -> dict[str, object]:
    """Give the attributes of a task; those that are None are not stored."""
    fields = {name: getattr(task, name) for name in _TASK_FIELDS - {"window"}}
    return fields | {
        "count": task.window.count,
        "wait": task.window.wait,
        # Only open tasks have this attribute, so only they are in the index of open tasks.
        "open": None if task.due_at is None else shard(task.task_id),
        # Only tasks of v3 have this one, so only they are in the index of listed tasks.
        "listed": task.version if task.version == LOGIN_VERSION else None,
        "ttl": None if task.expires_at is None else ttl(task.expires_at),
    }


def end(state: State, ended_at: float, expires_at: float) -> dict[str, object]:
    """Give the attributes that change when a task ends; None removes one."""
    return {
        "state": state,
        "ended_at": ended_at,
        "expires_at": expires_at,
        "ttl": ttl(expires_at),
        "due_at": None,
        "open": None,
    }


def shard(task_id: str) -> str:
    """Give the partition of the index of open tasks that a task belongs to."""
    return SHARDS[int(task_id[-1], 16) % len(SHARDS)]


def to_task(item: Item) -> Task:
    """Read the task of an item."""
    return read(Task, item, window=_window(item), state=State(item["state"]["S"]))


def to_report(item: Item) -> Report:
    """Read the report of an item."""
    return read(Report, item)


def key_attributes(key: IdempotencyKey) -> dict[str, object]:
    """Give the attributes of an idempotency key."""
    return {
        "key": key.key,
        "task_id": key.task_id,
        "count": key.window.count,
        "wait": key.window.wait,
        "held_until": key.valid_until,
        "ttl": ttl(key.valid_until),
    }


def to_key(item: Item) -> IdempotencyKey:
    """Read the idempotency key of an item."""
    return read(
        IdempotencyKey, item, window=_window(item), valid_until=float(item["held_until"]["N"])
    )


def _window(item: Item) -> Window:
    return Window(number(item, "count"), number(item, "wait"))
