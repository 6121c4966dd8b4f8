"""The state machine of groups, with a caller who reads their reports, and sweeps that work.

Invariants 22 and 27 are checked after each sweep that meets no fault. What the caller reads must be
every report, once and in its order, although the reads are eventual: they may be behind.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chalicelib.tasks import progress
from chalicelib.tasks.group import GroupLook
from chalicelib.tasks.groups import GroupService
from chalicelib.tasks.model import Report, State
from tests.tasks.groups_protocol import PICK, Groups

#: Seconds by which an eventual read may be behind.
_BEHIND = 30


class Behind:
    """A store whose eventual reads of reports do not see those that are too new."""

    def __init__(self, real: Any) -> None:
        self._real = real
        #: Reports of this time and later are not seen.
        self.from_ = float("inf")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def reports_at(self, places: list[tuple[str, int]]) -> dict[tuple[str, int], Report]:
        found = self._real.reports_at(places)
        return {place: it for place, it in found.items() if it.at < self.from_}


class WatchedGroups(Groups):
    """Groups whose reports a caller reads as they come."""

    def __init__(self) -> None:
        super().__init__()
        parts = self.rig.parts
        self.behind = Behind(self.store)
        self.reading = GroupService(
            groups=self.groups,
            store=self.behind,
            hosts=parts.host_store,
            fan_out=parts.fan_out,
            clock=self.rig.clock,
            settings=self.rig.settings,
        )
        #: Where the caller is in each group, and the index of its next report of each host.
        self.cursors: dict[str, str] = {}
        self.next: dict[tuple[str, str], int] = {}

    @precondition(lambda self: self.groups.groups)
    @rule(pick=PICK, behind=st.booleans())
    def a_caller_reads_on(self, pick: int, behind: bool) -> None:
        group_id = sorted(self.groups.groups)[pick % len(self.groups.groups)]
        self.behind.from_ = self.rig.clock.now() - _BEHIND if behind else float("inf")
        look = GroupLook(detail=True, since=self.cursors.get(group_id))
        view = self.reading.look(group_id, look)
        for host, it in view.reports:
            index = self.next.get((group_id, host), 0)
            assert it.report.text == f"{index} of {host}\n"
            self.next[group_id, host] = index + 1
        if not (behind or view.has_more):
            group = view.standing.group.hosts
            read = [self.next.get((group_id, host), 0) for host in group]
            assert read == [task.done for task in view.standing.tasks]
        self.cursors[group_id] = progress.write(view.following)

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def a_caller_is_told_of_a_report_before_it_can_be_read(self, pick: int) -> None:
        self.report(pick)
        for number in range(len(self.groups.groups)):
            self.a_caller_reads_on(number, True)

    @rule()
    def a_sweep_works(self) -> None:
        """Sweep without faults. Afterwards nothing waits for a host in vain."""
        for faulty in self.faulty.values():
            faulty.heal()
        self.sweep()
        for task in [it for it in self.store.tasks.values() if not it.state.ended]:
            assert task.start_by is not None
            assert task.state is not State.QUEUED or self.rig.clock.now() <= task.start_by
            host = self.rig.hosts.rows.get(task.target or "")
            assert task.lease_until or (host and host.is_there())
