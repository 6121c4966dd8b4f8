"""A worker's name: taken by its first heartbeat, kept by further ones, and lost with its row."""

import logging
import math
import random
from collections.abc import Callable

from chalicelib import errors, log
from chalicelib.clock import Clock
from chalicelib.comparison import Comparison
from chalicelib.hosts.model import ONLINE_SECONDS, Heartbeat, Host
from chalicelib.hosts.ports import HostStore, Refused

#: Seconds between two heartbeats, and the part of them by which they vary, so that hosts that were
#: started together do not stay in step.
_BEAT_SECONDS, _JITTER = 60, 0.1


class Presence:
    """What a worker does about its name. The thread that polls the host's queue calls all of it.

    There is no thread of its own: a worker that polls is there, and one that does not is not.
    """

    def __init__(
        self,
        name: str,
        *,
        session: str,
        heartbeat: Callable[[], Heartbeat],
        store: HostStore,
        clock: Clock,
        comparison: Comparison,
        enrol: Callable[[], object] | None = None,
    ) -> None:
        """`session` is this machine in its present start; `heartbeat` gives what to write now.

        `enrol` adds the host, where workers may do so by themselves; it raises NameNotFree.
        """
        self._name, self._session, self._heartbeat = name, session, heartbeat
        self._store, self._clock, self._comparison = store, clock, comparison
        self._enrol = enrol
        self._beat_at = self._look_at = -math.inf
        self._held = False
        #: A sentence that says why no work may be taken; None while this worker has the name.
        self.problem: str | None = f"The name {name} is not taken yet."
        #: A sentence that says why this worker is no host; None while it may be one.
        self.over: str | None = None

    def answered(self) -> None:
        """Write a heartbeat if one is due: the queue has just answered.

        Takes the name with the first one, or says in `problem` who has it.
        """
        if self._clock.monotonic() < self._beat_at:
            return
        self._beat_at = self._look_at = self._later()
        try:
            self._beat()
        except errors.Outage as outage:
            log.event("heartbeat not written", host=self._name, why=outage.why)

    def failed(self) -> None:
        """Look whether the host is still there: its queue has not answered.

        A queue that is missing proves nothing: it may not be made yet.
        """
        if self._clock.monotonic() < self._look_at:
            return
        self._look_at = self._later()
        try:
            self._look()
        except errors.Outage as outage:
            log.event("host not looked up", host=self._name, why=outage.why)

    def seconds_left(self) -> float:
        """Give the seconds until the next heartbeat is due; less than 0 if it is late."""
        return self._beat_at - self._clock.monotonic()

    def leave(self) -> None:
        """Say goodbye: this worker ends. Raises Outage."""
        if not self._held or self.over:
            return
        try:
            self._store.leave(self._name, self._session, self._comparison.cloud_time())
        except Refused:
            log.event("name lost before the goodbye", host=self._name)

    def _later(self) -> float:
        wait = _BEAT_SECONDS * random.uniform(1 - _JITTER, 1 + _JITTER)
        return self._clock.monotonic() + wait

    def _look(self) -> None:
        try:
            self._store.look(self._name, self._comparison.cloud_time())
        except Refused as refused:
            self._not_there(refused.old)

    def _beat(self) -> None:
        heartbeat, now = self._heartbeat(), self._comparison.cloud_time()
        try:
            self._write(heartbeat, now)
        except Refused as refused:
            if refused.old is None or not refused.old.is_there():
                self._not_there(refused.old)
            else:
                self._refused(refused.old, heartbeat.node, now)
            return
        if not self._held:
            log.event("name taken", host=self._name)
        self._held, self.problem = True, None

    def _write(self, heartbeat: Heartbeat, now: float) -> None:
        lapsed_by = now - ONLINE_SECONDS
        self._store.beat(self._name, self._session, heartbeat, now, lapsed_by=lapsed_by)

    def _refused(self, other: Host, node: str, now: float) -> None:
        """Note in the row that another machine has the name, and take no work."""
        self._held = False
        self.problem = (
            f"Another machine, node {other.node}, uses the name {self._name}, and was seen "
            f"{max(now - (other.seen_at or now), 0):.0f} s ago. End its worker, or give this one "
            "another HOST; this one tries again."
        )
        try:
            self._store.contend(self._name, self._session, node, now)
        except Refused:
            log.event("name free again", host=self._name)

    def _not_there(self, row: Host | None) -> None:
        """Add the host where that is allowed, or else say that this worker is no host.

        Raises Outage.
        """
        # A row that was removed stays for a while. Without one, a cloud in memory began anew.
        if self._enrol and (row is None or not self._held):
            try:
                self._enrol()
            except errors.NameNotFree as refused:
                self.over = str(refused)
            else:
                # Now the name can be taken, as soon as the queue answers.
                self._held, self._beat_at = False, -math.inf
                return
        elif row is not None and row.removed_at is not None:
            self.over = f"The host {self._name} was removed: this worker works for it no more."
        else:
            self.over = (
                f"There is no host {self._name}; an admin adds it by PUT /v3/hosts/{self._name}."
            )
        self.problem = self.over
        log.event("host not there", level=logging.WARNING, host=self._name, why=self.over)
