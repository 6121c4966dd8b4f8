"""A state machine that tests who works under a name: invariants 25 and 27 of the protocol.

Machines start, are cloned, are killed, stand still and say goodbye; clocks are wrong; the host is
removed and added again. Whoever polls does what a worker does: it tells its presence that the queue
has answered, and then takes work unless there is a problem.
"""

import contextlib
import email.utils

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from chalicelib import errors
from chalicelib.comparison import Comparison
from chalicelib.hosts.model import FREE_AFTER
from chalicelib.hosts.presence import Presence
from tests.hosts.world import World
from tests.support.records import a_heartbeat
from tests.tasks.clocks import MachineClock

NAME = "web-1"
SESSIONS = st.sampled_from(["one", "two", "three"])
#: Seconds between two heartbeats, at the most; so long may work be taken after the last one.
BEAT = 67
#: Seconds in which nobody else works, at the least, when a machine is gone without a goodbye.
QUIET = 150 - BEAT


class Names(RuleBasedStateMachine):
    """One name, and three machines that want it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.clock = self.world.clock
        #: The workers that are alive, by the session of their machines, and what tells the time.
        self.workers: dict[str, tuple[Presence, Comparison]] = {}
        #: Who took work last, and when.
        self.last: tuple[str, float] | None = None
        self.removed_at: float | None = None

    @rule(session=SESSIONS, off=st.sampled_from([0, 0, 3600, -3600]))
    def start(self, session: str, off: float) -> None:
        """Start a worker, or start it again on the same boot. Its clock may be an hour off."""
        clock = MachineClock(self.clock, off)
        comparison = Comparison(clock)
        presence = Presence(
            NAME,
            session=session,
            heartbeat=lambda: a_heartbeat(session),
            store=self.world.store,
            clock=clock,
            comparison=comparison,
        )
        self.workers[session] = presence, comparison

    @precondition(lambda self: self.workers)
    @rule(session=SESSIONS, seconds=st.sampled_from([0, 1, 30, 90, 200]))
    def poll(self, session: str, seconds: float) -> None:
        """Let a worker poll, after some time in which nobody else does anything."""
        self.clock.freeze(seconds)
        if session not in self.workers:
            return
        presence, comparison = self.workers[session]
        said = email.utils.formatdate(self.clock.now(), usegmt=True)
        comparison.hear(said, comparison.begin())
        presence.answered()
        if presence.over:
            del self.workers[session]
        elif presence.problem is None:
            self.work(session)

    @rule(sessions=st.lists(SESSIONS, min_size=4, max_size=12))
    def several_poll(self, sessions: list[str]) -> None:
        for session in sessions:
            self.poll(session, 20)

    def work(self, session: str) -> None:
        now = self.clock.now()
        if self.last:
            before, at = self.last
            assert session == before or now - at >= QUIET
        assert self.removed_at is None or now - self.removed_at <= BEAT
        self.last = session, now

    @precondition(lambda self: self.workers)
    @rule(session=SESSIONS)
    def kill(self, session: str) -> None:
        self.workers.pop(session, None)

    @precondition(lambda self: self.workers)
    @rule(session=SESSIONS)
    def leave(self, session: str) -> None:
        """Let a worker end and say goodbye. Then another machine may follow at once."""
        presence, _ = self.workers.pop(session, (None, None))
        if presence:
            presence.leave()
            if self.last and self.last[0] == session:
                self.last = None

    @rule()
    def remove(self) -> None:
        with contextlib.suppress(errors.NoSuchHost):
            self.world.service.remove(NAME, by="root")
            self.removed_at = self.clock.now()

    @precondition(lambda self: self.removed_at)
    @rule()
    def add_again(self) -> None:
        """Add the host again: not before its worker has learnt that it was removed."""
        with contextlib.suppress(errors.NameNotFree):
            self.world.service.add(NAME, by="root")
            assert self.clock.now() - (self.removed_at or 0) >= FREE_AFTER
            self.removed_at = None
            self.last = None

    def teardown(self) -> None:
        """Let only one worker poll, for as long as it takes: it has the name then."""
        self.add_after_its_time()
        self.workers.clear()
        self.start("one", 0)
        for _ in range(5):
            self.poll("one", 90)
        assert self.last
        assert self.last[0] == "one"

    def add_after_its_time(self) -> None:
        if self.removed_at is not None:
            self.clock.freeze(FREE_AFTER)
            self.add_again()
