"""The clock of a worker's machine: it may be wrong, be set, and stand still with its machine."""

from tests.support.fakes import FakeClock

#: Seconds by which clocks may differ: the margins of a lease allow for so much.
_MOST = 9


class MachineClock:
    """A clock that is `off` seconds ahead of the true one; below 0 it is behind."""

    def __init__(self, true: FakeClock, off: float = 0) -> None:
        self._true, self._off, self._stood = true, off, 0.0
        #: Whether it was wrong by more than a lease allows for when it was made.
        self.is_wrong = abs(off) > _MOST
        self.sleep = true.freeze
        #: Whether somebody has set it, and whether it has stood still, since it was made.
        self.was_set = self.has_stood = False

    def now(self) -> float:
        return self._true.now() + self._off

    def monotonic(self) -> float:
        return self._true.monotonic() - self._stood

    def set(self, by: float) -> None:
        """Change the time since the epoch, and not the monotonic time."""
        self._off += by
        self.was_set = True

    def stand_still(self, seconds: float) -> None:
        """Let time pass for all others. Where a machine is suspended, its monotonic time stops."""
        self._true.freeze(seconds)
        self._stood += seconds
        self.has_stood = True
