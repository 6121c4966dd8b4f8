"""Leases: when one ends, and when others may take over. Clocks may differ by a part of a lease."""

from chalicelib.settings import Settings
from chalicelib.tasks.model import State, Task

#: The part of a lease by which a worker's clock may be off. Others wait so much longer than the
#: lease before they take over.
_SKEW_PART = 0.1
#: The most leases that a stored lease can last from now on, by whoever's clock it was written.
MOST = 2


def end(now: float, settings: Settings) -> float:
    """Give the time at which a lease that begins now ends."""
    return now + settings.lease_seconds


def due_after(lease_until: float, settings: Settings) -> float:
    """Give the time from which others may take over a lease that nobody extended."""
    return lease_until + most_off(settings)


def most_off(settings: Settings) -> float:
    """Give the most seconds that a worker's clock may be off: the margin of a lease."""
    return settings.lease_seconds * _SKEW_PART


def lapsed(task: Task, now: float, settings: Settings) -> bool:
    """Tell whether a task's lease has run out, with the margin for clocks that differ.

    So has one that ends further ahead than any lease can: a clock that was wrong has written it.
    """
    if task.state is not State.STARTED or task.lease_until == 0:
        return False
    most = now + MOST * settings.lease_seconds
    return due_after(task.lease_until, settings) < now or task.lease_until > most
