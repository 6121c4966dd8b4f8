"""Sentences about hosts that did not do what they were asked to do."""

from chalicelib.hosts.model import Host

#: Units of a time that has passed, the longest first, in seconds.
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def not_begun(host: Host, within: float, now: float) -> str:
    """Say that a host did not begin a task in time."""
    return f"{host.host} did not begin it within {within:.0f} s; {last_seen(host, now)}."


def not_answered(host: Host, within: float, now: float) -> str:
    """Say that a host did not answer in time."""
    return f"{host.host} did not answer within {within:g} s; {last_seen(host, now)}."


def removed(name: str) -> str:
    """Say that a host is there no more."""
    return f"{name} was removed from the hosts."


def nonsense(name: str) -> str:
    """Say that what a host has written of a task cannot be."""
    return f"What {name} has written of it makes no sense."


def last_seen(host: Host, now: float) -> str:
    """Say when a host was last seen, such as "it was last seen 3 days ago"."""
    if host.seen_at is None:
        return "it has never been seen"
    seconds = max(int(now - host.seen_at), 0)
    name, length = next((unit for unit in _UNITS if seconds >= unit[1]), _UNITS[-1])
    many = seconds // length
    return f"it was last seen {many} {name}{'' if many == 1 else 's'} ago"
