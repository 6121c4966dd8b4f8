"""v1's use case: a window that is measured while its caller waits."""

from typing import TYPE_CHECKING

from chalicelib import errors
from chalicelib.windows import Window

if TYPE_CHECKING:
    from chalicelib.ports import Host

#: Seconds that a report may be late before the caller is told so.
_PATIENCE = 3


def at_once(host: "Host", window: Window) -> str:
    """What ``iostat -d wait count`` prints, after as long as that takes. Raises HostFailed."""
    try:
        with host.open(window, patience=_PATIENCE) as feed:
            return "".join(feed)
    except errors.Killed as killed:
        raise errors.HostFailed(str(killed)) from killed
