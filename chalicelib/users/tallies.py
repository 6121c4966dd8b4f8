"""Tallies of logins: the wrong ones add up, and too many of them earn a pause."""

import dataclasses
import uuid
from typing import Self

#: Seconds in which failures add up; the first pause that too many of them earn is as long.
WINDOW = 600
#: Seconds of a pause at most, and after one until all is forgotten.
_LONGEST = 3600


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tally:
    """The wrong logins from a source, or for one name from there. Times are since the epoch."""

    #: The source, or the source and the name.
    who: str
    failures: int = 0
    #: Pauses so far; each is twice as long as the one before.
    pauses: int = 0
    #: Until when nothing is tried.
    paused_until: float = 0
    #: From when on none of it counts any more.
    forgotten_at: float = 0
    #: Another with every write: two failures that are otherwise alike are two.
    token: str = ""

    def failed(self, now: float, *, limit: int, again: int) -> Self:
        """The tally with one more failure, of which `limit` earn a pause; after a pause `again`
        do.
        """
        old = self if now < self.forgotten_at else dataclasses.replace(self, failures=0, pauses=0)
        failures, token = old.failures + 1, str(uuid.uuid4())
        if failures < limit:
            begins = not old.failures and not old.pauses
            forgotten_at = now + WINDOW if begins else old.forgotten_at
            return dataclasses.replace(
                old, failures=failures, paused_until=0, forgotten_at=forgotten_at, token=token
            )
        until = now + min(WINDOW * 2 ** min(old.pauses, 10), _LONGEST)
        return dataclasses.replace(
            old,
            failures=limit - again,
            pauses=old.pauses + 1,
            paused_until=until,
            forgotten_at=until + _LONGEST,
            token=token,
        )

    def passed(self, now: float, *, forgiven: bool) -> Self:
        """The tally after a right login, which is `forgiven` what was wrong before, or not."""
        clean = forgiven or now >= self.forgotten_at
        old = dataclasses.replace(self, failures=0, pauses=0, paused_until=0) if clean else self
        kept_until = now + WINDOW if clean else old.forgotten_at
        return dataclasses.replace(old, forgotten_at=kept_until, token=str(uuid.uuid4()))
