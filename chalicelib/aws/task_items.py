"""Tasks, reports and idempotency keys as items of DynamoDB."""

import contextlib
from collections.abc import Iterable, Iterator

from chalicelib.aws.items import Item, flag, number, read, ttl, value
from chalicelib.measure.model import Window
from chalicelib.tasks import sanity, task_ids
from chalicelib.tasks.cursor import Cursor
from chalicelib.tasks.idempotency import IdempotencyKey
from chalicelib.tasks.model import LOGIN_VERSION, Report, State, Swept, Task, What

#: The partitions that the tasks of a version have in an index: several, so that none gets all the
#: writes. DynamoDB takes 1,000 a second in each, and a group may have as many tasks.
_SHARDS = 4
#: The partitions of the index that the release before this one kept of open tasks.
OLD_SHARDS = ("open-0", "open-1", "open-2", "open-3")
#: The partition in which the release before has listed all tasks. They are there until they expire.
LISTED_BEFORE = LOGIN_VERSION
#: The partition of running tasks that the release before has made.
OF_THE_RELEASE_BEFORE = f"{LOGIN_VERSION}-0"

#: The key of what a sweep leaves, in the table of idempotency keys. Those are digests.
SWEPT = "swept"

_TASK_FIELDS = set(Task._fields)


def key(task_id: str) -> Item:
    """Give the key of a task."""
    return {"task_id": value(task_id)}


def attributes(task: Task) -> dict[str, object]:
    """Give the attributes of a task; those that are None are not stored."""
    fields = {name: getattr(task, name) for name in _TASK_FIELDS - {"window"}}
    leased = task.state is State.STARTED and task.lease_until > 0
    return fields | {
        # Most tasks are windows: only the others say what they are.
        "what": None if task.what is What.IOSTAT else task.what,
        **window_attributes(task.window),
        # Only the tasks that have one of these attributes are in the index of that name.
        "unended": None if task.due_at is None else shard(task),
        "running": shard(task) if leased else None,
        # Only tasks of v3 have this one, so only they are in the index of listed tasks.
        "listed": shard(task) if _is_listed(task) else None,
        "ttl": None if task.expires_at is None else ttl(task.expires_at),
    }


def _is_listed(task: Task) -> bool:
    """Tell whether a task is one of the list: nobody looks for an uptime there."""
    return task.version == LOGIN_VERSION and task.what is What.IOSTAT


def end(state: State, ended_at: float, expires_at: float) -> dict[str, object]:
    """Give the attributes that change when a task ends; None removes one."""
    return {
        "state": state,
        "ended_at": ended_at,
        "expires_at": expires_at,
        "ttl": ttl(expires_at),
        "due_at": None,
        "unended": None,
        "running": None,
        "opened_by": None,
        # Of the release before.
        "open": None,
    }


def shard(task: Task) -> str:
    """Give the partition that a task belongs to, in each index that is not of a source."""
    return shard_of(task.version, task.task_id)


def shard_of(version: str, task_id: str) -> str:
    """Give the same of the task of that id."""
    return shards(version)[int(task_id[-1], 16) % _SHARDS]


def shards(version: str) -> list[str]:
    """Give the partitions of the tasks of a version."""
    return [f"{version}-{number}" for number in range(_SHARDS)]


def to_task(item: Item) -> Task:
    """Read the task of an item. One that makes no sense, as a host may write it, is a FAILURE."""
    if task_ids.host_of(item["task_id"]["S"]) is None:
        return _task(item)
    try:
        task = _task(item)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return _nonsense(item)
    return task if sanity.makes_sense(task) else _nonsense(item)


def _task(item: Item) -> Task:
    what = item.get("what")
    return read(
        Task,
        item,
        window=window(item),
        state=State(item["state"]["S"]),
        what=What(what["S"]) if what else What.IOSTAT,
    )


def _nonsense(item: Item) -> Task:
    """Give what takes the place of a task: these two attributes are not for its host to write."""
    created_at = float(item["created_at"]["N"]) if "created_at" in item else 0
    owner = item["owner"]["S"] if "owner" in item else None
    return sanity.nonsense(item["task_id"]["S"], created_at=created_at, owner=owner)


def to_report(item: Item) -> Report:
    """Read the report of an item. Raises ValueError, or what else, for what is none."""
    report = read(Report, item)
    if not sanity.is_report(report):
        raise ValueError
    return report


def to_reports(items: Iterable[Item]) -> Iterator[Report]:
    """Read the reports of items, without those that are none: a host may write what it likes."""
    for item in items:
        with contextlib.suppress(KeyError, OverflowError, TypeError, ValueError):
            yield to_report(item)


def key_attributes(key: IdempotencyKey) -> dict[str, object]:
    """Give the attributes of an idempotency key."""
    return {
        "key": key.key,
        "task_id": key.task_id,
        **window_attributes(key.window),
        "held_until": key.valid_until,
        "start_within": key.start_within,
        "asked": key.asked,
        "ttl": ttl(key.valid_until),
    }


def swept_attributes(swept: Swept) -> dict[str, object]:
    """Give the attributes of what a sweep leaves."""
    places = {f"after_{version}": str(place) for version, place in swept.places.items()}
    return {"key": SWEPT, "at": swept.at, "open_tasks": swept.open_tasks, **places}


def to_swept(item: Item) -> Swept:
    """Read what a sweep has left."""
    places = {
        name.removeprefix("after_"): Cursor.parse(raw["S"])
        for name, raw in item.items()
        if name.startswith("after_")
    }
    return read(Swept, item, places=places)


def to_key(item: Item) -> IdempotencyKey:
    """Read the idempotency key of an item."""
    return read(
        IdempotencyKey, item, window=window(item), valid_until=float(item["held_until"]["N"])
    )


def window_attributes(window: Window) -> dict[str, object]:
    """Give the attributes of a window."""
    options = {"extended": window.extended or None, "cpu": window.cpu or None}
    return {"count": window.count, "wait": window.wait, **options}


def window(item: Item) -> Window:
    """Read the window of an item."""
    return Window(
        count=number(item, "count"),
        wait=number(item, "wait"),
        extended=flag(item, "extended"),
        cpu=flag(item, "cpu"),
    )
