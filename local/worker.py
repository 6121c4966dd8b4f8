"""``make worker``: a process that polls its queues, measures, and on a laptop also sweeps."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from botocore.exceptions import BotoCoreError, NoRegionError

from chalicelib import errors, log
from chalicelib.aws import client
from chalicelib.bootstrap import parts
from chalicelib.tasks.keeper import Keeper
from chalicelib.tasks.sweeper import Sweeper
from local import descriptors, log_writer, naming, staffing, stage, supervision
from local.poller import Poller
from local.staffing import Staff
from local.systemd import Systemd

#: Seconds after which a signal is noticed.
_LOOK_SECONDS = 0.1
#: The most seconds between SIGTERM and the end.
_LEAVE_SECONDS = 4.8
#: Seconds in which a second signal counts as the first one.
_TWICE_SECONDS = 0.5
#: Seconds that one sweep may take, as in the cloud.
_SWEEP_LIMIT = 60


def sweep_for_ever(sweeper: Sweeper) -> None:
    """Sweep every SWEEP_SECONDS, as a schedule does it in the cloud."""
    while True:
        time.sleep(parts.settings.sweep_seconds)
        try:
            sweeper.sweep(_SWEEP_LIMIT)
        except errors.Outage as outage:
            log.event("not swept", why=outage.why)
        except Exception:
            log.failure("not swept")


class Leaving:
    """How this worker ends: it takes no more messages, and hands its windows over."""

    def __init__(self, staff: Staff, keeper: Keeper, writer: log_writer.Writer, systemd: Systemd):
        self._staff, self._keeper = staff, keeper
        self._writer, self._systemd = writer, systemd

    def on_signals(self) -> None:
        """Leave on SIGTERM or SIGINT, and end at once on a second one."""
        signal.signal(signal.SIGTERM, self.leave)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self.leave)

    def leave(self, *_: object) -> None:
        """Leave. Signal handlers call this, so it waits for nothing."""
        # Ctrl-C arrives twice: from the terminal, and forwarded by make.
        at_once_from = time.monotonic() + _TWICE_SECONDS
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: time.monotonic() < at_once_from or os._exit(1))
        for poller in self._staff.pollers:
            poller.leave()
        self._systemd.stops()
        threading.Thread(target=self._say_so, daemon=True).start()
        deadline = threading.Timer(_LEAVE_SECONDS, self._end_late)
        deadline.daemon = True
        deadline.start()

    def _say_so(self) -> None:
        self._keeper.leave()
        self._staff.say_goodbye()

    def _end_late(self) -> None:
        """End a worker that cannot leave in time. Others take its windows over after their leases.

        One that only waits for the answer to a long poll has nothing to hand over.
        """
        done = all(it.handed_over or it.idle for it in self._staff.pollers)
        log.event("worker ended late", handed_over=done)
        self._writer.drain()
        os._exit(self._staff.exit_code if done else 1)


def poll(staff: Staff, leave: Callable[[], object]) -> int:
    """Let each poller poll on a thread until all have ended. Give the exit code.

    Calls `leave`, which lets all of them leave, when the host is not there, and when an error has
    ended one: its queue would be polled no more, though the worker seems to work.
    """
    # Not on this thread: it must hear signals, however long the cloud does not answer.
    polling = {threading.Thread(target=_run, args=[it], name="poller"): it for it in staff.pollers}
    for thread in polling:
        thread.start()
    broken = left = False
    while any(thread.is_alive() for thread in polling):
        time.sleep(_LOOK_SECONDS)
        # In this order: whoever is told to leave now ends because of that.
        broken |= any(not thread.is_alive() and not it.leaving for thread, it in polling.items())
        if (broken or staff.is_over) and not left:
            leave()
            left = True
    return 1 if broken else staff.exit_code


def _run(poller: Poller) -> None:
    try:
        poller.run()
    except Exception:
        log.failure("poller ended by an error")


def _session(name: str) -> Any:
    """Make the session of botocore for a stage."""
    if name == stage.LOCAL and find_spec("httptools"):
        # Where that is not installed botocore does without, for more of the processor.
        from local.session import Session  # noqa: PLC0415

        return Session()
    return client.session()


def main(session: Any = None) -> int:
    """Work until SIGTERM or SIGINT; a second one ends at once. Give the exit code.

    `session` is botocore's, where it is not to be made here.
    """
    try:
        writer = log_writer.begin()
        log.configure(log_writer.Handler(writer))
        stage.enter()
        descriptors.allow()
        name = naming.name_of(os.environ, os.uname().nodename)
        parts.reset(session=session or _session(os.environ["STAGE"]), own_name=name.host)
        # Built now: what is wrong shows at once, and a signal handler need not wait for it.
        systemd = Systemd(os.environ.get("NOTIFY_SOCKET", ""))
        settings, keeper, staff = parts.settings, parts.keeper, staffing.staff(name, systemd)
    except NoRegionError:
        sys.exit(f"hoststat: {stage.NO_REGION}")
    except (OSError, RuntimeError, ValueError, BotoCoreError) as wrong:
        sys.exit(f"hoststat: {wrong}")
    if parts.session.get_credentials() is None:
        sys.exit("hoststat: There are no AWS credentials. Set them, or leave STAGE out.")
    leaving = Leaving(staff, keeper, writer, systemd)
    leaving.on_signals()
    supervision.end_with_parent()
    if settings.stage == stage.LOCAL:
        # In the cloud a function sweeps each minute; a laptop has only its workers.
        threading.Thread(
            target=sweep_for_ever, args=[parts.sweeper], name="sweeper", daemon=True
        ).start()
    log.event("worker began", slots=settings.concurrency, host=name.host)
    code = poll(staff, leaving.leave)
    log.event("worker ended")
    return code


if __name__ == "__main__":
    sys.exit(main())
