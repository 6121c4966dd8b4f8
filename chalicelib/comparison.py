"""This machine's clock beside the cloud's."""

import email.utils
import functools

from chalicelib.clock import Clock

#: An answer that took longer than this many seconds does not prove that a clock is right.
_SOON = 1


class Comparison:
    """This machine's clock beside the cloud's, as the Date of the cloud's answers tells it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        #: Seconds that this clock is ahead of the cloud's, at the least; below 0 it is behind.
        #: It is 0 as long as no answer had a Date.
        self.off = 0.0
        #: The last Date, and the monotonic time at which it came.
        self._heard: tuple[float, float] | None = None

    def cloud_time(self) -> float:
        """Give the time by the cloud's clock; by this one as long as no answer had a Date.

        Seconds since the epoch. Dates have whole seconds, so it may be some behind.
        """
        if self._heard is None:
            return self._clock.now()
        said, at = self._heard
        return said + self._clock.monotonic() - at

    def begin(self) -> float:
        """Give what `hear` needs to know of the moment at which the cloud is asked."""
        return self._clock.monotonic()

    def hear(self, date: str | None, began: float) -> None:
        """Compare the clocks by the Date header of an answer. Without a Date nothing is judged."""
        said = None if date is None else _seconds(date)
        if said is None:
            return
        self._heard = said, self._clock.monotonic()
        now, took = self._clock.now(), self._clock.monotonic() - began
        # A Date has whole seconds, and is from a moment between the question and the answer.
        ahead, behind = now - took - (said + 1), said - now
        off = ahead if ahead > 0 else -max(behind, 0)
        if took <= _SOON or abs(off) > abs(self.off):
            self.off = off

    def problem(self, most: float) -> str | None:
        """Say what is wrong if this clock is more than `most` seconds off; None if it is not."""
        if abs(self.off) <= most:
            return None
        which = "ahead of" if self.off > 0 else "behind"
        return (
            f"This machine's clock is {abs(self.off):.0f} s {which} the cloud's; it may be "
            f"{most:g} s off. Set it right, best by NTP: then work goes on by itself."
        )


@functools.lru_cache(maxsize=4)
def _seconds(date: str) -> float | None:
    """Read a Date header; None if it is not one."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
