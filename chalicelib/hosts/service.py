"""The use cases of the registry: list, show, add and remove hosts."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from chalicelib import errors, log
from chalicelib.clock import Clock
from chalicelib.hosts import model
from chalicelib.hosts.model import Host, HostState
from chalicelib.hosts.ports import HostQueues, HostStore, Refused

#: Names that are read at once, and the most that are looked at for one page of the list.
_BATCH, _MOST_READ = 100, 1000
#: Seconds for which the mark of a removal is kept: a worker that comes back later finds no row,
#: which means the same to it.
_MARK_SECONDS = 86_400
#: Seconds after a removal in which a worker does not add the host again by itself.
_ENROL_AFTER = 600
#: Who adds a host that nobody else has added.
_WORKER = "its worker"


class Wanted(NamedTuple):
    """Which hosts a caller wants to see; None is any."""

    #: Only hosts whose names fit this glob.
    name: str | None = None
    #: Only hosts in this state.
    state: HostState | None = None


class HostService:
    """The use cases of the registry. Every method may raise Outage."""

    def __init__(self, *, store: HostStore, queues: HostQueues, clock: Clock) -> None:
        self._store, self._queues, self._clock = store, queues, clock

    def find(self, name: str) -> Host:
        """Give the host of that name. Raises NoSuchHost."""
        found = self._store.get(name) if model.is_name(name) else None
        if found is None or not found.is_there():
            raise errors.NoSuchHost(name)
        return found

    def page(self, wanted: Wanted, *, limit: int, after: str = "") -> tuple[list[Host], str | None]:
        """Give at most `limit` hosts that are wanted, in the order of their names.

        They begin after the name `after`. Also give the name after which the next page begins,
        None if there are no more. If few hosts are wanted, a page may have fewer than `limit`
        although more follow.
        """
        found: list[Host] = []
        now, last = self._clock.now(), after
        for read, (name, host) in enumerate(self._listed(wanted.name, after, limit + 1)):
            if read == _MOST_READ:
                return found, last
            if host and host.is_there() and wanted.state in (None, host.state(now)):
                if len(found) == limit:
                    return found, last
                found.append(host)
            last = name
        return found, None

    def add(self, name: str, *, by: str) -> tuple[Host, bool]:
        """Add a host, and make its queue; `by` is the user who asks.

        Gives the host, and whether it was added; if it was there, nothing changes but that it has a
        queue again. Raises Invalid for a name that cannot be one, NameNotFree.
        """
        if not model.is_name(name):
            raise errors.Invalid(
                "A host's name is 1 to 32 of a-z 0-9 -, with a letter or digit first and last, and "
                f"at least one letter; {errors.shorten(name)} is not."
            )
        return self._added(name, by, model.FREE_AFTER)

    def enrol(self, name: str) -> None:
        """Add a host for its own worker, as on a laptop, where nobody gives out names.

        But not soon after somebody has removed it: then raises NameNotFree.
        """
        self._added(name, _WORKER, _ENROL_AFTER)

    def make_queues(self) -> None:
        """Make the queue of each host that has none: a local cloud keeps tables, but no queues."""
        for name, host in self._listed(None, "", _BATCH):
            if host and host.is_there():
                self._queues.make(name)

    def _added(self, name: str, by: str, free_after: float) -> tuple[Host, bool]:
        host, added = self._stored(name, free_after)
        self._queues.make(name)
        if added:
            log.event("host added", host=name, by=by)
        return host, added

    def _stored(self, name: str, free_after: float) -> tuple[Host, bool]:
        """Store a new host, or give the one that is there. Raises NameNotFree."""
        now = self._clock.now()
        try:
            return self._store.add(name, now, free_if_removed_by=now - free_after), True
        except Refused as refused:
            old = refused.old
            if old is None:
                raise errors.Outage from refused
            if not old.is_there():
                left = (old.removed_at or now) + free_after - now
                raise errors.NameNotFree(name, max(math.ceil(left), 1)) from refused
            # An earlier try of ours may have stored it, and its answer was lost.
            return old, old.added_at == now

    def remove(self, name: str, *, by: str) -> None:
        """Remove a host and its queue; `by` is the user who asks. Raises NoSuchHost.

        A worker that has the name learns it from the row, and stops.
        """
        if not model.is_name(name):
            raise errors.NoSuchHost(name)
        now = self._clock.now()
        try:
            self._store.remove(name, now, kept_until=now + _MARK_SECONDS)
        except Refused as refused:
            ours = refused.old is not None and refused.old.removed_at == now
            if not ours:
                if refused.old is not None:
                    # An earlier removal may have left its queue.
                    self._queues.delete(name)
                raise errors.NoSuchHost(name) from refused
        self._queues.delete(name)
        log.event("host removed", host=name, by=by)

    def _listed(self, glob: str | None, after: str, most: int) -> Iterator[tuple[str, Host | None]]:
        """Give every name after `after`, with its row if it fits `glob`; `most` are enough."""
        batch = min(most, _BATCH)
        while names := self._store.names(after, batch):
            fit = [name for name in names if glob is None or model.matches(name, glob)]
            rows = {host.host: host for host in self._store.get_many(fit, fresh=False)}
            yield from ((name, rows.get(name)) for name in names)
            if len(names) < batch:
                return
            after = names[-1]
