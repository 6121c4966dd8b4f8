"""``python -m tests.support.many_workers NAME…``: the workers of many hosts, in one process.

Each has a thread that polls its queue, as a process of its own would have.
"""

import signal
import sys
import threading

from chalicelib import log
from chalicelib.bootstrap import parts
from chalicelib.hosts.presence import Presence
from local import stage
from local.poller import Poller
from local.session import Session
from local.vitals import Vitals
from tests.support.rig import worker_of


def poller_of(name: str) -> Poller:
    """Make the poller of a host that is there already."""
    worker = worker_of(name, parts)
    vitals = Vitals(
        parts.machine,
        comparison=parts.comparison,
        windows=lambda: 0,
        problem=lambda: worker.problem,
        shares=False,
    )
    presence = Presence(
        name,
        session=name,
        heartbeat=vitals.heartbeat,
        store=parts.host_store,
        clock=parts.clock,
        comparison=parts.comparison,
    )
    return Poller(
        parts.host_receivers.of(name),
        worker.take,
        slots=2,
        problem=lambda: worker.problem or presence.problem,
        answered=presence.answered,
        failed=presence.failed,
        due_in=presence.seconds_left,
    )


def main(names: list[str]) -> None:
    """Work for these hosts until a signal."""
    log.configure()
    stage.enter()
    parts.reset(session=Session())
    for name in names:
        threading.Thread(target=poller_of(name).run, name=name, daemon=True).start()
    signal.pause()


if __name__ == "__main__":
    main(sys.argv[1:])
