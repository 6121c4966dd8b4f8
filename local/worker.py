"""``make worker``: a process that polls the queue, measures, and on a laptop also sweeps."""

import os
import signal
import sys
import threading
import time
from importlib.util import find_spec
from typing import Any

from botocore.exceptions import BotoCoreError

from chalicelib import errors, log
from chalicelib.aws import client
from chalicelib.bootstrap import parts
from chalicelib.tasks.keeper import Keeper
from chalicelib.tasks.sweeper import Sweeper
from local import descriptors, log_writer, stage, supervision
from local.poller import Poller
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
            log.event("not swept", why=str(outage))
        except Exception:
            log.failure("not swept")


def _end_late(pollers: list[Poller], writer: log_writer.Writer) -> None:
    """End a worker that cannot leave in time. Others take its windows over after their leases."""
    handed_over = all(it.handed_over for it in pollers)
    log.event("worker ended late", handed_over=handed_over)
    writer.drain()
    os._exit(0 if handed_over else 1)


def _leave_on_signals(
    pollers: list[Poller], keeper: Keeper, writer: log_writer.Writer, systemd: Systemd
) -> None:
    """Leave on SIGTERM or SIGINT, and end at once on a second one."""

    def leave(*_: object) -> None:
        # Ctrl-C arrives twice: from the terminal, and forwarded by make.
        at_once_from = time.monotonic() + _TWICE_SECONDS
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: time.monotonic() < at_once_from or os._exit(1))
        for poller in pollers:
            poller.leave()
        systemd.stops()
        threading.Thread(target=keeper.leave, daemon=True).start()
        deadline = threading.Timer(_LEAVE_SECONDS, _end_late, [pollers, writer])
        deadline.daemon = True
        deadline.start()

    signal.signal(signal.SIGTERM, leave)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, leave)


def _session(name: str) -> Any:
    """Make the session of botocore for a stage."""
    if name == stage.LOCAL and find_spec("httptools"):
        # Where that is not installed botocore does without, for more of the processor.
        from local import line  # noqa: PLC0415

        return line.Session()
    return client.session()


def main(session: Any = None) -> int:
    """Work until SIGTERM or SIGINT; a second one ends at once. Give the exit code.

    `session` is botocore's, where it is not to be made here.
    """
    try:
        writer = log_writer.begin()
        log.configure()
        stage.enter()
        descriptors.allow()
        parts.reset(session=session or _session(os.environ["STAGE"]))
        # Built now: what is wrong shows at once, and a signal handler need not wait for it.
        settings, keeper, worker = parts.settings, parts.keeper, parts.worker
    except (OSError, RuntimeError, ValueError, BotoCoreError) as wrong:
        sys.exit(f"hoststat: {wrong}")
    if parts.session.get_credentials() is None:
        sys.exit("hoststat: There are no AWS credentials. Set them, or leave STAGE out.")
    systemd = Systemd(os.environ.get("NOTIFY_SOCKET", ""))
    # Users' tasks and those of anybody have slots of their own: neither keeps the other waiting.
    pollers = [
        Poller(
            queue,
            worker.take,
            slots=settings.concurrency,
            problem=lambda: worker.problem,
            answered=lambda: systemd.works(f"Windows measured now: {len(keeper.measurements())}."),
        )
        for queue in parts.receivers.values()
    ]
    _leave_on_signals(pollers, keeper, writer, systemd)
    supervision.end_with_parent()
    if settings.stage == stage.LOCAL:
        # In the cloud a function sweeps each minute; a laptop has only its workers.
        threading.Thread(
            target=sweep_for_ever, args=[parts.sweeper], name="sweeper", daemon=True
        ).start()
    # Not on this thread: it must hear signals, however long the cloud does not answer.
    polling = [threading.Thread(target=it.run, name="poller") for it in pollers]
    for thread in polling:
        thread.start()
    log.event("worker began", slots=settings.concurrency)
    while any(thread.is_alive() for thread in polling):
        time.sleep(_LOOK_SECONDS)
    log.event("worker ended")
    return 0 if all(it.leaving for it in pollers) else 1


if __name__ == "__main__":
    sys.exit(main())
