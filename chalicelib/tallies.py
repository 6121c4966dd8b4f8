"""Tallies of wrong logins, and the pauses that too many of them earn."""

import dataclasses
from typing import Self

#: Seconds in which failures add up; the first pause that too many of them earn is as long.
WINDOW = 600
#: Seconds of a pause at most, and after it until all is forgotten.
_LONGEST = 3600


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tally:
    """The wrong logins from a source, or for one name from there. Times are since the epoch."""

    #: The source, or the source and the name.
    who: str
    failures: int = 0
    #: Until when nothing is tried.
    paused_until: float = 0
    #: From when on none of it counts any more.
    forgotten_at: float = 0

    def failed(self, now: float, limit: int) -> Self:
        """The tally with one more failure, of which `limit` earn a pause and each further one a
        pause twice as long.
        """
        failures = self.failures + 1 if now < self.forgotten_at else 1
        if failures < limit:
            until, forgotten_at = 0.0, self.forgotten_at if failures > 1 else now + WINDOW
        else:
            until = now + min(WINDOW * 2 ** min(failures - limit, 10), _LONGEST)
            forgotten_at = until + _LONGEST
        return dataclasses.replace(
            self, failures=failures, paused_until=until, forgotten_at=forgotten_at
        )
