"""How guessing is slowed down: logins are counted, and too many wrong ones cause a pause."""

import hashlib
import math
import random
from collections.abc import Callable
from typing import NamedTuple, Protocol, Self

from chalicelib import errors, ids
from chalicelib.clock import Clock

#: Seconds in which failures add up. The first pause is as long.
FAILURE_PERIOD = 600
#: The longest pause in seconds, and the time after a pause until everything is forgotten.
_LONGEST_PAUSE = 3600
#: A source may fail this many times as often as one name from it: an office shares a source.
_NAMES_PER_SOURCE = 10
#: Tries to write a tally while other logins write the same one.
_TRIES = 200
#: The most seconds between two of these tries.
_PAUSE = 0.02


class Tally(NamedTuple):
    """The wrong logins of a source, or of one name from a source.

    Times are in seconds since the epoch.
    """

    #: The source, or the source and the name, with a mark of the password that it has now.
    who: str
    failures: int = 0
    #: Pauses so far. Each is twice as long as the one before.
    pauses: int = 0
    #: No login is tried before this time.
    paused_until: float = 0
    #: From this time on it does not count any more.
    forgotten_at: float = 0
    #: A new one with each write, so that two failures with the same numbers count as two.
    token: str = ""

    @property
    def is_of_one_name(self) -> bool:
        """Whether it counts one name from a source; no source has a space."""
        return " " in self.who

    def failed(self, now: float, *, limit: int, again: int) -> Self:
        """Give the tally with one more failure.

        `limit` failures cause a pause. After a pause only `again` more are needed for the next.
        """
        old = self if now < self.forgotten_at else self._replace(failures=0, pauses=0)
        failures, token = old.failures + 1, ids.new_id()
        if failures < limit:
            begins = not old.failures and not old.pauses
            forgotten_at = now + FAILURE_PERIOD if begins else old.forgotten_at
            return old._replace(
                failures=failures, paused_until=0, forgotten_at=forgotten_at, token=token
            )
        until = now + min(FAILURE_PERIOD * 2 ** min(old.pauses, 10), _LONGEST_PAUSE)
        return old._replace(
            failures=limit - again,
            pauses=old.pauses + 1,
            paused_until=until,
            forgotten_at=until + _LONGEST_PAUSE,
            token=token,
        )

    def passed(self, now: float, *, forgiven: bool) -> Self:
        """Give the tally after a right login; if it is `forgiven`, earlier failures are erased."""
        clean = forgiven or now >= self.forgotten_at
        old = self._replace(failures=0, pauses=0, paused_until=0) if clean else self
        kept_until = now + FAILURE_PERIOD if clean else old.forgotten_at
        return old._replace(forgotten_at=kept_until, token=ids.new_id())

    def just_passed(self, now: float) -> bool:
        """Tell whether a right login has written it within the last second, and no wrong one since.

        Another right login then need not write it again.
        """
        clean = not self.failures and not self.pauses
        return clean and now - 1 < self.forgotten_at - FAILURE_PERIOD


class TallyStore(Protocol):
    """Where tallies are stored. Every method may raise Outage."""

    def tallies(self, whos: list[str]) -> dict[str, Tally]:
        """Give those of these tallies that exist, by `who`."""

    def move(self, before: Tally, after: Tally) -> None:
        """Write `after` if the token of `before` is still stored, or if there is none yet.

        Raises Conflict if another login was first. When the answer to a write was lost and it is
        tried again, it succeeds as it did the first time.
        """


def _mark(stored: str | None) -> str:
    """Give what tells passwords of a user apart, and says nothing of them."""
    return f" {hashlib.sha256(stored.encode()).hexdigest()[:16]}" if stored else ""


class Throttle:
    """Counts logins, and refuses more of them after too many wrong ones."""

    def __init__(self, *, store: TallyStore, clock: Clock, limit: int) -> None:
        """`limit` wrong logins for one name from one source cause a pause."""
        self._store, self._clock, self._limit = store, clock, limit

    def check(self, username: str, source: str, stored: str | None) -> tuple[Tally, Tally]:
        """Give the tally of this name from this source, and that of the source with any name.

        `stored` is the hash of the user's password, None for an unknown name. With a new password
        the name has a new tally: an admin ends a pause so. Raises TooManyLogins if one of the two
        is in a pause, and Outage.
        """
        named, every = self._read(f"{source} {username}{_mark(stored)}", source)
        return named, every

    def settle(self, named: Tally, every: Tally, *, right: bool) -> None:
        """Write the outcome of a login into the tallies that `check` gave for it.

        A right login is written as well: of many logins at the same time, only as many as the
        limit allows learn whether their password was right. Raises TooManyLogins if others caused
        a pause in the meantime, and Outage.
        """
        limit = self._limit
        if right:
            self._pass(named, forgiven=True)
            self._pass(every, forgiven=False)
        else:
            # After a pause a name has one try. A source has as many as before: others share it.
            self._write(named, lambda tally, now: tally.failed(now, limit=limit, again=1))
            most = limit * _NAMES_PER_SOURCE
            self._write(every, lambda tally, now: tally.failed(now, limit=most, again=most))

    def _pass(self, tally: Tally, *, forgiven: bool) -> None:
        self._write(
            tally,
            lambda tally, now: tally.passed(now, forgiven=forgiven),
            until=lambda tally: tally.just_passed(self._clock.now()),
        )

    def _write(
        self,
        tally: Tally,
        after: Callable[[Tally, float], Tally],
        until: Callable[[Tally], bool] = lambda tally: False,
    ) -> None:
        """Write a tally, again and again while others write the same.

        It is done as well if what another login has written meanwhile is all that `until` wants.
        """
        for _ in range(_TRIES):
            try:
                return self._store.move(tally, after(tally, self._clock.now()))
            except errors.Conflict:
                self._clock.sleep(random.uniform(0, _PAUSE))
                (tally,) = self._read(tally.who)
                if until(tally):
                    return None
        raise errors.Outage("Too many logins at the same time; try again.")

    def _read(self, *whos: str) -> list[Tally]:
        found = self._store.tallies(list(whos))
        tallies = [found.get(who, Tally(who=who)) for who in whos]
        longest = max(tallies, key=lambda tally: tally.paused_until)
        left = longest.paused_until - self._clock.now()
        if left > 0:
            raise errors.TooManyLogins(math.ceil(left), one_name=longest.is_of_one_name)
        return tallies
