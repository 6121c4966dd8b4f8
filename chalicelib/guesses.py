"""Guesses: wrong logins are counted, and too many of them are slowed down."""

import ipaddress
import math

from chalicelib import errors
from chalicelib.ports import Clock, Conflict, TallyStore
from chalicelib.tallies import Tally

#: A source may fail so many times as often as one name from there: an office shares an address.
_NAMES = 10


def source_of(address: str) -> str:
    """What an address is counted as: itself, or the /64 that one IPv6 host may use all of."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


class Guesses:
    """The wrong logins of late."""

    def __init__(self, *, store: TallyStore, clock: Clock, limit: int) -> None:
        self._store, self._clock, self._limit = store, clock, limit

    def check(self, username: str, source: str) -> tuple[Tally, Tally]:
        """How often that name from that source has failed, and that source with any name.

        Raises TooManyLogins where one of them has to pause, and Outage.
        """
        whos = [f"{source} {username}", source]
        found = self._store.tallies(whos)
        named, every = (found.get(who, Tally(who=who)) for who in whos)
        self._refuse_a_pause(named, every)
        return named, every

    def count(self, named: Tally, every: Tally) -> None:
        """Add a failure to what `check` has given.

        Raises TooManyLogins where others, at the same time, were enough for a pause; and Outage.
        """
        self._add(named, self._limit)
        self._add(every, self._limit * _NAMES)

    def forgive(self, named: Tally) -> None:
        """Forget the failures of one who has come in after all. Raises Outage."""
        if named.failures:
            self._store.forget(named)

    def _add(self, tally: Tally, limit: int) -> None:
        try:
            self._store.move(tally, tally.failed(self._clock.now(), limit))
        except Conflict:
            now = self._store.tallies([tally.who]).get(tally.who, Tally(who=tally.who))
            self._refuse_a_pause(now)
            self._add(now, limit)

    def _refuse_a_pause(self, *tallies: Tally) -> None:
        left = max(tally.paused_until for tally in tallies) - self._clock.now()
        if left > 0:
            raise errors.TooManyLogins(math.ceil(left))
