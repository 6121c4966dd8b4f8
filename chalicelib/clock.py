"""The time of this machine."""

import time


class SystemClock:
    """`ports.Clock` as the system has it."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)
