"""``make tasks``: shows the open tasks of a stage, or cancels one of them."""

import os
import sys
from collections.abc import Iterable, Mapping

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import errors
from chalicelib.bootstrap import parts
from chalicelib.tasks import oversight
from chalicelib.tasks.model import DAY, Task
from local import stage

_COLUMNS = ("TASK", "VERSION", "STATE", "AGE", "HOST", "OWNER", "WINDOW", "DONE")
#: Units of an age, the longest first, in seconds.
_UNITS = (("d", DAY), ("h", 3600), ("min", 60), ("s", 1))
#: Tasks that are shown when ``LIMIT`` is not given.
_SHOWN = 100


def table(tasks: Iterable[Task], now: float) -> str:
    """Give the lines of a table of tasks, a heading first. `now` is in seconds since the epoch."""
    rows = [_COLUMNS, *(_row(task, now) for task in tasks)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(task: Task, now: float) -> tuple[str, ...]:
    age, window = _age(now - task.created_at), f"{task.window.count} x {task.window.wait} s"
    who = task.host or "-", task.owner or "-"
    return task.task_id, task.version, str(task.state), age, *who, window, str(task.done)


def _age(seconds: float) -> str:
    """Give a time in the longest unit that it fills, such as ``5 min``."""
    whole = max(int(seconds), 0)
    name, length = next((unit for unit in _UNITS if whole >= unit[1]), _UNITS[-1])
    return f"{whole // length} {name}"


def answer(environ: Mapping[str, str]) -> str:
    """Do what the environment asks for, and give what to print.

    Raises ValueError for a ``LIMIT`` that is not allowed, NoSuchTask, TaskEnded, Outage.
    """
    if task_id := environ.get("CANCEL"):
        oversight.cancel(parts.tasks, task_id)
        return f"{task_id} is REVOKED; stage {parts.settings.stage}"
    found, more = oversight.open_tasks(parts.task_store, _limit(environ.get("LIMIT", str(_SHOWN))))
    if not found:
        return f"No task is open; stage {parts.settings.stage}"
    count = f"{len(found)} open task{'s' * (len(found) > 1)}"
    end = f"{count}, and there are more: raise LIMIT to see them" if more else count
    return f"{table(found, parts.clock.now())}\n{end}; stage {parts.settings.stage}"


def _limit(raw: str) -> int:
    if not (raw.isascii() and raw.isdigit() and int(raw)):
        raise ValueError(f"LIMIT must be a whole number of at least 1, not {raw!r}")
    return int(raw)


def main() -> int:
    """Show the open tasks of ``STAGE``, or cancel the task ``CANCEL``; give the exit code."""
    try:
        stage.enter()
        said = answer(os.environ)
    except errors.Outage as outage:
        print(f"hoststat: {outage} {parts.settings.outage_hint}".rstrip(), file=sys.stderr)
        return 1
    except (errors.HoststatError, BotoCoreError, ClientError, ValueError) as refused:
        print(f"hoststat: {refused}", file=sys.stderr)
        return 1
    print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
