"""Ids of tasks: a UUID, or ``NAME~UUID`` for a task that only the host of that name may measure."""

import re

from chalicelib.hosts import model as hosts

#: What stands between a host's name and the UUID. No name has it, and no URL needs to encode it.
_BETWEEN = "~"
_ENCODED = re.compile("%7e", re.IGNORECASE)
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
#: What every id fits, as a regular expression that other languages know as well.
PATTERN = f"([a-z0-9-]{{1,32}}{_BETWEEN})?{_UUID}"

_TASK_ID = re.compile(PATTERN, re.ASCII)


def of(host: str | None, uuid: str) -> str:
    """Give the id of a task for a host; without a host, the UUID itself."""
    return uuid if host is None else f"{host}{_BETWEEN}{uuid}"


def host_of(task_id: str) -> str | None:
    """Give the name of the host that a task is for, None if any worker may measure it."""
    host, between, _ = task_id.rpartition(_BETWEEN)
    return host if between else None


def is_id(text: str) -> bool:
    """Tell whether a text has the form of a task id."""
    host = host_of(text)
    return _TASK_ID.fullmatch(text) is not None and (host is None or hosts.is_name(host))


def is_uuid(text: str) -> bool:
    """Tell whether a text has the form of the id of a group, or of a task of no host."""
    return is_id(text) and host_of(text) is None


def decoded(text: str) -> str:
    """Give an id as it stands in a path: some clients encode the ``~``, once."""
    return _ENCODED.sub(_BETWEEN, text)
