"""What the log says of something that is wrong for a while: at once, each minute, at its end."""

import logging
import math
import time

from chalicelib import log

#: Seconds between two lines in the log for the same trouble.
_SAY_SECONDS = 60


class Trouble:
    """Something that may be wrong for a while."""

    def __init__(self, name: str, end: str, *, level: int = logging.WARNING) -> None:
        """`name` is the event while it lasts, of that level, and `end` the event at its end."""
        self._name, self._end, self._level = name, end, level
        self._said_at = -math.inf

    def lasts(self, why: str) -> None:
        """Note that it is so; `why` is a sentence. The log has it once a minute."""
        if time.monotonic() >= self._said_at + _SAY_SECONDS:
            log.event(self._name, level=self._level, why=why)
            self._said_at = time.monotonic()

    def ends(self) -> None:
        """Note that it is not so, or no more."""
        if self._said_at > -math.inf:
            log.event(self._end)
        self._said_at = -math.inf
