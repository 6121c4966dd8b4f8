"""Throttle: logins are tallied, and too many wrong ones are slowed down."""

import ipaddress
import math
from collections.abc import Callable

from chalicelib import errors
from chalicelib.tasks.ports import Clock, Conflict, TallyStore
from chalicelib.users.tallies import Tally

#: A source may fail so many times as often as one name from there: an office shares an address.
_NAMES = 10
#: How often a tally is written while others write the same.
_TRIES = 200


def source_of(address: str) -> str:
    """What an address is counted as: itself, or the /64 that one IPv6 host may use all of."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        # Such as what the console of API Gateway sends when it tries out a method.
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed.packed, 64), strict=False))


class Throttle:
    """The logins of late."""

    def __init__(self, *, store: TallyStore, clock: Clock, limit: int) -> None:
        self._store, self._clock, self._limit = store, clock, limit

    def check(self, username: str, source: str) -> tuple[Tally, Tally]:
        """How often that name from that source has failed, and that source with any name.

        Raises TooManyLogins where one of them has to pause, and Outage.
        """
        named, every = self._read(f"{source} {username}", source)
        return named, every

    def settle(self, named: Tally, every: Tally, *, right: bool) -> None:
        """Write what came of a login into what `check` has given for it.

        A right one is written, too: of logins that come at the same time only as many are told
        anything as the limit allows, whatever they would be told. Raises TooManyLogins where
        others were enough for a pause meanwhile, and Outage.
        """
        limit = self._limit
        if right:
            self._write(named, lambda tally, now: tally.passed(now, forgiven=True))
            self._write(every, lambda tally, now: tally.passed(now, forgiven=False))
        else:
            # After a pause a name has one try, a source as many as before: others share it.
            self._write(named, lambda tally, now: tally.failed(now, limit=limit, again=1))
            most = limit * _NAMES
            self._write(every, lambda tally, now: tally.failed(now, limit=most, again=most))

    def _write(self, tally: Tally, after: Callable[[Tally, float], Tally]) -> None:
        for _ in range(_TRIES):
            try:
                return self._store.move(tally, after(tally, self._clock.now()))
            except Conflict:
                (tally,) = self._read(tally.who)
        raise errors.Outage("Too many log in at once; try again.")

    def _read(self, *whos: str) -> list[Tally]:
        found = self._store.tallies(list(whos))
        tallies = [found.get(who, Tally(who=who)) for who in whos]
        left = max(tally.paused_until for tally in tallies) - self._clock.now()
        if left > 0:
            raise errors.TooManyLogins(math.ceil(left))
        return tallies
