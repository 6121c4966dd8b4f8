"""Which queues a worker polls, and what it says of itself meanwhile."""

import os
from collections.abc import Callable
from typing import NamedTuple

from chalicelib import errors, ids, log
from chalicelib.aws.sqs import Queue
from chalicelib.bootstrap import parts
from chalicelib.hosts.attendance import Attending
from chalicelib.hosts.presence import Presence
from local import naming, pace, stage
from local.naming import Name
from local.poller import Poller
from local.systemd import Systemd
from local.vitals import Vitals

#: The exit code of a worker whose host is not there: systemd does not start it again.
_NOT_A_HOST = 78


class Staff(NamedTuple):
    """The pollers of a worker, and its presence if it is a host."""

    pollers: list[Poller]
    presence: Presence | None
    #: Whether it also takes the tasks that are for no host, and so goes on when it is no host.
    shares: bool

    @property
    def is_over(self) -> bool:
        """Whether this worker must end, because its host is not there."""
        return self.presence is not None and self.presence.over is not None and not self.shares

    @property
    def exit_code(self) -> int:
        """The exit code of this worker when all its pollers have ended."""
        if self.is_over:
            return _NOT_A_HOST
        return 0 if all(it.leaving for it in self.pollers) else 1

    def say_goodbye(self) -> None:
        """Say that this host leaves, if this is one."""
        try:
            if self.presence:
                self.presence.leave()
        except errors.Outage as outage:
            log.event("goodbye not said", why=outage.why)


def staff(name: Name, systemd: Systemd) -> Staff:
    """Make the pollers of a worker of that name.

    Users' tasks, those of anybody and those of the host have slots of their own: none keeps the
    others waiting.
    """
    keeper = parts.keeper

    def works() -> None:
        systemd.works(f"Windows measured now: {len(keeper.measurements())}.")

    presence = _presence(name) if name.host else None
    found = []
    if presence and name.host:
        found.append(_of_host(name.host, presence, works))
    if name.shares:
        attending = Attending(
            ids.new_id(),
            store=parts.host_store,
            clock=parts.clock,
            comparison=parts.comparison,
            problem=lambda: parts.worker.problem,
        )

        def noted() -> None:
            works()
            attending.answered()

        # One of them is enough to say that this worker is there.
        hears = [noted, *[works] * (len(parts.receivers) - 1)]
        found += [
            _poller(queue, answered=hear)
            for queue, hear in zip(parts.receivers.values(), hears, strict=True)
        ]
    return Staff(found, presence, name.shares)


def _of_host(host: str, presence: Presence, works: Callable[[], object]) -> Poller:
    def answered() -> None:
        works()
        presence.answered()
        stop()

    def failed() -> None:
        presence.failed()
        stop()

    def stop() -> None:
        if presence.over:
            poller.leave()

    poller = _poller(
        parts.host_receivers.of(host),
        answered=answered,
        failed=failed,
        due_in=presence.seconds_left,
        name_problem=lambda: presence.problem,
    )
    return poller


def _poller(
    queue: Queue,
    *,
    answered: Callable[[], object],
    failed: Callable[[], object] = lambda: None,
    due_in: Callable[[], float] = lambda: float("inf"),
    name_problem: Callable[[], str | None] = lambda: None,
) -> Poller:
    worker = parts.worker
    return Poller(
        queue,
        worker.take,
        slots=parts.settings.concurrency,
        problem=lambda: worker.problem or name_problem(),
        answered=answered,
        failed=failed,
        due_in=due_in,
        pace=pace.LOCAL if parts.settings.stage == stage.LOCAL else pace.AWS,
    )


def _presence(name: Name) -> Presence:
    host, worker, keeper = name.host or "", parts.worker, parts.keeper
    vitals = Vitals(
        parts.machine,
        comparison=parts.comparison,
        windows=lambda: len(keeper.measurements()),
        problem=lambda: worker.problem,
        shares=name.shares,
    )
    # On a laptop nobody gives out names.
    enrols = parts.settings.stage == stage.LOCAL
    return Presence(
        host,
        session=naming.session(os.environ, os.uname().nodename),
        heartbeat=vitals.heartbeat,
        store=parts.host_store,
        clock=parts.clock,
        comparison=parts.comparison,
        enrol=(lambda: parts.hosts.enrol(host)) if enrols else None,
    )
