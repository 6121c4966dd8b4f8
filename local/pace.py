"""How often a worker asks its queue."""

import random
from typing import NamedTuple

#: Doublings of a wait; more of them would change nothing.
_MOST_DOUBLINGS = 10


class Pace(NamedTuple):
    """How often a poller asks."""

    #: Seconds of one long poll.
    poll: int
    #: The most seconds between two tries when the queue does not answer.
    longest: float
    #: The most seconds between two calls while no work may be taken.
    rest: float
    #: The most seconds before the first poll. Those of workers that are started together differ.
    first: float = 0

    def before(self) -> float:
        """Give the seconds before the first poll."""
        return random.uniform(0, self.first)

    def after(self, failures: int) -> float:
        """Give the seconds to wait after so many failures in a row.

        They grow, and are drawn by lot: so a thousand hosts do not come back at the same moment.
        """
        return random.uniform(0, min(2 ** min(failures - 1, _MOST_DOUBLINGS), self.longest))


#: In a longer poll, moto would give messages to clients that have died. Somebody waits for the
#: worker when the service has been started again.
LOCAL = Pace(poll=2, longest=10, rest=1)
#: Each call costs money, and there may be a thousand hosts.
AWS = Pace(poll=20, longest=60, rest=60, first=20)
