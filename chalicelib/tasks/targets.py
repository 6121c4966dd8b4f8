"""The hosts that a group is for: names and globs become the names that there are now."""

from collections.abc import Iterator, Sequence

from chalicelib import errors
from chalicelib.hosts import model
from chalicelib.hosts.ports import HostStore

#: Names that are read at once, and the most that an error names.
_BATCH, _NAMED = 1000, 10


def resolve(asked: Sequence[str], hosts: HostStore, most: int) -> list[str]:
    """Give the names of the hosts that names and globs mean, sorted, each once.

    Raises NoSuchHosts, which names every unknown host and every glob that nothing fits; Invalid if
    there are more than `most`; Outage.
    """
    globs = [it for it in asked if not model.is_name(it)]
    names = sorted({*asked} - {*globs})
    there = {host.host for host in hosts.get_many(names) if host.is_there()} if names else set()
    unknown = [name for name in names if name not in there]
    fits: dict[str, bool] = dict.fromkeys(globs, False)
    for name in _all(hosts) if globs else ():
        for glob in globs:
            if model.matches(name, glob):
                fits[glob] = True
                there.add(name)
    unknown += [glob for glob, fit in fits.items() if not fit]
    if unknown:
        raise errors.NoSuchHosts(unknown[:_NAMED], len(unknown) - _NAMED)
    if len(there) > most:
        raise errors.Invalid(f"hosts means {len(there)} hosts; at most {most} are allowed.")
    return sorted(there)


def _all(hosts: HostStore) -> Iterator[str]:
    after = ""
    while names := hosts.names(after, _BATCH):
        yield from names
        after = names[-1]
