"""v1's use case: a window that is measured while its caller waits."""

from typing import TYPE_CHECKING

from chalicelib import errors
from chalicelib.measure.model import Window

if TYPE_CHECKING:
    from chalicelib.tasks.ports import Clock, Machine

#: Seconds that a report may be late before the caller is told so.
_PATIENCE = 3


def at_once(host: "Machine", window: Window, clock: "Clock") -> list[tuple[float, str]]:
    """The reports of a window, each with the time when it came, after as long as it lasts; their
    texts join to what ``iostat -d wait count`` prints. Raises MachineFailed.
    """
    try:
        with host.open(window, patience=_PATIENCE) as feed:
            return [(clock.now(), text) for text in feed]
    except errors.Killed as killed:
        raise errors.MachineFailed(str(killed)) from killed
