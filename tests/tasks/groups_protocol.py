"""A state machine that tests groups and hosts: each call of a create or a cancel may be cut off.

Its steps are what can happen to hosts and their groups, in any order. Invariants 21 to 24 and 27 of
the protocol are checked after each of them. At the end all faults are removed and time passes: then
every group that stands has ended as a whole, and no other has a task.
"""

import contextlib
import itertools
import uuid
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib import errors
from chalicelib.hosts.ports import Refused as NotThere
from chalicelib.measure.model import Window
from chalicelib.tasks import run
from chalicelib.tasks.group import Asked, GroupLook
from chalicelib.tasks.model import State, Task, What
from chalicelib.tasks.ports import Refused
from chalicelib.tasks.run import Run
from tests.support.fakes import FakeDispatcher
from tests.support.faults import Crash, Faulty, crash, lose
from tests.support.memory_groups import MemoryGroups
from tests.support.memory_store import MemoryStore
from tests.support.rig import SETTINGS, Rig

HOSTS = ("db-1", "web-1", "web-2")
COUNT = 2
PICK = st.integers(min_value=0, max_value=5)
NAME = st.sampled_from(HOSTS)
#: What can be cut off, and where.
CALLS = st.sampled_from(
    [
        *(("groups", call) for call in ("create", "get", "cancel", "mark_made", "unmade")),
        *(("store", call) for call in ("create_many", "get_many", "cancel", "move", "claim")),
        ("queue", "send"),
    ]
)


class Groups(RuleBasedStateMachine):
    """Three hosts, which come and go, and groups of them."""

    def __init__(self) -> None:
        super().__init__()
        store, queue = MemoryStore(), FakeDispatcher()
        groups = MemoryGroups(store)
        self.faulty = {"store": Faulty(store), "queue": Faulty(queue), "groups": Faulty(groups)}
        self.rig = Rig(
            SETTINGS._replace(fan_out_threads=1),
            store=self.faulty["store"],
            dispatcher=self.faulty["queue"],
            groups=self.faulty["groups"],
        )
        self.rig.clock.every_second = lambda: None
        self.store, self.queue, self.groups = store, queue, groups
        #: Callers who look meet no faults.
        self.looking = Rig(SETTINGS, store=store, dispatcher=queue, groups=groups).groups
        # Ids come in order, so that the same choices always give the same test.
        numbers = itertools.count(1)
        self.rig.groups._new_id = lambda: str(uuid.UUID(int=next(numbers)))
        self.promised, self.cancelled = list[str](), set[str]()
        #: Each run, with the name of the worker that has claimed it.
        self.runs: list[tuple[str, Run]] = []
        self.known: dict[str, Task] = {}
        for name in HOSTS:
            self.rig.add_host(name)

    # What callers do.

    @precondition(lambda self: len(self.groups.groups) < 3)
    @rule(hosts=st.sampled_from([("*",), ("web-*",), ("db-1",)]), start_within=st.integers(30, 200))
    def create(self, hosts: tuple[str, ...], start_within: int) -> None:
        asked = Asked(hosts, What.IOSTAT, Window(COUNT, 1), start_within)
        with contextlib.suppress(Crash, errors.Outage, errors.NoSuchHosts):
            self.promised.append(self.rig.groups.create(asked, owner="jluser"))

    @precondition(lambda self: self.groups.groups)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        group_id = sorted(self.groups.groups)[pick % len(self.groups.groups)]
        with contextlib.suppress(Crash, errors.Outage):
            try:
                self.rig.groups.cancel(group_id, by="root")
            except errors.GroupEnded:
                standing = self.looking.look(group_id, GroupLook()).standing
                assert standing.ended
            else:
                self.cancelled.add(group_id)

    # What hosts do. Hints come in any order, more than once, or never.

    @precondition(lambda self: self.queue.sent)
    @rule(pick=PICK, again=st.booleans(), name=st.none() | NAME)
    def deliver(self, pick: int, again: bool, name: str | None) -> None:
        """Deliver a hint to the host that it is for, or to another."""
        sent = self.queue.sent
        task_id = sent[pick % len(sent)] if again else sent.pop(pick % len(sent))
        self.claim(task_id, name or task_id.partition("~")[0])

    def claim(self, task_id: str, name: str) -> None:
        before = self.store.tasks.get(task_id)
        with contextlib.suppress(Crash, errors.Outage, Refused):
            claimed = run.claim(
                task_id,
                name=name,
                host="node",
                source="iostat",
                store=self.rig.parts.task_store,
                clock=self.rig.clock,
                settings=self.rig.settings,
            )
            assert before is not None
            # Nobody else measures it, and nobody begins it too late.
            assert before.target == name
            in_time = before.start_by is not None and self.rig.clock.now() <= before.start_by
            assert before.state is State.STARTED or in_time
            self.runs.append((name, claimed))

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def report(self, pick: int) -> None:
        name, its = entry = self.runs[pick % len(self.runs)]
        try:
            its.report(f"{its.task.done} of {name}\n")
        except (Crash, Refused, errors.LeaseLost):
            self.runs.remove(entry)
        else:
            if its.task.state.ended:
                self.runs.remove(entry)

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def kill_a_worker(self, pick: int) -> None:
        self.runs.pop(pick % len(self.runs))

    @rule(name=NAME, seen=st.sampled_from([0, 100, 1000]))
    def a_host_comes_or_goes(self, name: str, seen: float) -> None:
        self.rig.add_host(name, seen=seen)

    @rule(name=NAME)
    def a_host_is_removed(self, name: str) -> None:
        """Remove a host. Its worker learns it, and takes no more work."""
        now = self.rig.clock.now()
        with contextlib.suppress(NotThere):
            self.rig.hosts.remove(name, now, kept_until=now + 100)
        self.runs = [it for it in self.runs if it[0] != name]
        self.queue.sent = [it for it in self.queue.sent if not it.startswith(f"{name}~")]

    @precondition(lambda self: self.queue.sent)
    @rule(pick=PICK)
    def lose_a_hint(self, pick: int) -> None:
        self.queue.sent.pop(pick % len(self.queue.sent))

    # What time, the sweeper and faults do.

    @rule(seconds=st.sampled_from([1, 25, 61, 120]))
    def time_passes(self, seconds: int) -> None:
        self.rig.clock.freeze(seconds)

    @rule()
    def sweep(self) -> None:
        with contextlib.suppress(Crash, errors.Outage):
            self.rig.sweeper.sweep()

    @rule(
        point=CALLS,
        when=st.sampled_from(["before", "after"]),
        fault=st.sampled_from([crash, lose]),
        hit=st.integers(1, 2),
    )
    def a_call_will_fail(
        self, point: tuple[str, str], when: str, fault: Callable[[], None], hit: int
    ) -> None:
        self.faulty[point[0]].arm(point[1], when, fault, hit=hit)

    # What must be true after every step.

    @invariant()
    def nothing_is_broken(self) -> None:
        for task in self.store.tasks.values():
            before = self.known.get(task.task_id, task)
            assert not before.state.ended or task == before
            assert task.group_id in self.groups.groups
            self.known[task.task_id] = task
        assert set(self.groups.groups) >= set(self.promised)

    @invariant()
    def every_host_is_in_every_answer(self) -> None:
        for group_id, group in self.groups.groups.items():
            standing = self.looking.look(group_id, GroupLook()).standing
            assert tuple(task.target for task in standing.tasks) == group.hosts
            all_are = all(task.state is State.SUCCESS for task in standing.tasks)
            assert (standing.state is State.SUCCESS) == all_are
            assert group_id not in self.cancelled or standing.state is State.REVOKED

    def teardown(self) -> None:
        """Remove all faults, and let time pass: what stands has ended, and no more is there."""
        for faulty in self.faulty.values():
            faulty.heal()
        self.runs.clear()
        for _ in range(8):
            self.rig.clock.freeze(200)
            for name in [name for name, host in self.rig.hosts.rows.items() if host.is_there()]:
                self.rig.add_host(name)
            self.sweep()
            while self.queue.sent:
                task_id = self.queue.sent.pop()
                self.claim(task_id, task_id.partition("~")[0])
                while self.runs:
                    self.report(0)
        self.nothing_is_broken()
        self.every_host_is_in_every_answer()
        assert self.groups.open == set()
        for group in self.groups.groups.values():
            tasks = self.store.get_many(group.ids())
            assert len(tasks) == len(group.hosts)
            assert all(task.state.ended for task in tasks)
