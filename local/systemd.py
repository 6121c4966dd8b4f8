"""What systemd is told of this process: that it works, and that it still does.

systemd starts a unit of ``Type=notify`` with the path of a socket in ``NOTIFY_SOCKET``, and reads
there what the process says of itself. From sd_notify(3).
"""

import socket
import threading

from chalicelib import log


class Systemd:
    """The manager that started this process. Without an address there is none, and nothing is said.

    Any thread may use it.
    """

    def __init__(self, address: str) -> None:
        """`address` is ``NOTIFY_SOCKET``, or "". With ``@`` at its beginning it is no file."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._ready, self._telling = False, threading.Lock()

    def works(self, status: str) -> None:
        """Say that this process has just done what it is for, and in a few words how it is.

        The first time it is ready with that. Each time the watchdog (``WatchdogSec``) begins anew.
        """
        with self._telling:
            ready = [] if self._ready else ["READY=1"]
            self._ready |= self._tell(*ready, "WATCHDOG=1", f"STATUS={status}")

    def stops(self) -> None:
        """Say that this process is about to end."""
        self._tell("STOPPING=1", "STATUS=Hands its windows over.")

    def _tell(self, *lines: str) -> bool:
        """Send these lines, and tell whether that was possible."""
        if not self._address:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
                # Nobody here waits for systemd.
                telling.setblocking(False)
                telling.sendto("\n".join(lines).encode(), self._address)
        except OSError as failed:
            log.event("systemd not told", why=str(failed))
            return False
        return True
