"""A hint: the message that tells workers that there is something to do for a task."""

import json
import logging

from chalicelib import errors, log
from chalicelib.tasks import task_ids
from chalicelib.tasks.ports import Dispatcher

#: The version of the messages. A worker ignores other versions: the sweeper sends new hints.
_VERSION = 1


def send(task_id: str, version: str, dispatcher: Dispatcher) -> None:
    """Send a hint to the workers of that version of the API.

    An Outage is only logged, because the sweeper sends another hint later.
    """
    try:
        dispatcher.send(task_id, version)
    except errors.Outage as outage:
        log.event("hint not sent", level=logging.WARNING, task_id=task_id, why=outage.why)


def encode(task_id: str) -> str:
    """Give the body of the message that names a task."""
    return json.dumps({"v": _VERSION, "task_id": task_id})


def decode(body: str) -> str:
    """Give the task id in the body of a message. Raises BadMessage."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise errors.BadMessage("The message is not JSON.") from exc
    match message:
        case {"v": int(version), "task_id": str(task_id)}:
            if version is not True and version == _VERSION and task_ids.is_id(task_id):
                return task_id
    raise errors.BadMessage(f"The message does not name a task in version {_VERSION}.")
