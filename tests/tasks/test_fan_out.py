"""The fan-out of a group: cut off anywhere, all of it comes to be, or none of it runs."""

import contextlib

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks.group import Asked, GroupLook
from chalicelib.tasks.model import State, What
from tests.support.fakes import FakeDispatcher
from tests.support.faults import Crash, Faulty, crash, lose
from tests.support.memory_groups import MemoryGroups
from tests.support.memory_store import MemoryStore
from tests.support.rig import SETTINGS, Rig

HOSTS = [f"h{number}" for number in range(60)]
#: Each call of a create, and of a cancel, and how often it is made there.
CREATE = [
    ("groups", "create", 1),
    ("store", "create_many", 3),
    ("groups", "get", 1),
    ("queue", "send", 60),
    ("groups", "mark_made", 1),
]
CANCEL = [
    ("groups", "get", 2),
    ("store", "get_many", 2),
    ("groups", "cancel", 1),
    ("store", "cancel", 60),
    ("groups", "mark_made", 1),
]
POINTS = [("before", 1), ("after", 1), ("before", 2), ("after", 2)]


class World(Rig):
    """A rig with hosts whose calls can fail."""

    def __init__(self) -> None:
        store, queue = MemoryStore(), FakeDispatcher()
        groups = MemoryGroups(store)
        self.faulty = {"store": Faulty(store), "queue": Faulty(queue), "groups": Faulty(groups)}
        super().__init__(
            SETTINGS._replace(fan_out_threads=1),
            store=self.faulty["store"],
            dispatcher=self.faulty["queue"],
            groups=self.faulty["groups"],
        )
        self.store, self.dispatcher, self.group_store = store, queue, groups
        for name in HOSTS:
            self.add_host(name)

    def create(self, *_: object) -> str:
        asked = Asked(("*",), What.IOSTAT, Window(2, 1), 600)
        return self.groups.create(asked, owner="jluser")

    def heal(self) -> None:
        for it in self.faulty.values():
            it.heal()

    def settle(self) -> None:
        """Let time pass, and every worker deal with its hints, until nothing is left to do."""
        self.heal()
        for _ in range(4):
            self.clock.freeze(61)
            for name in HOSTS:
                self.add_host(name)
            self.sweeper.sweep()
            while self.dispatcher.sent:
                task_id = self.dispatcher.sent.pop()
                self.worker_of(task_id.partition("~")[0]).work(task_id)

    def states(self) -> set[State]:
        return {task.state for task in self.store.tasks.values()}


@pytest.mark.parametrize(("when", "hit"), POINTS)
@pytest.mark.parametrize(("where", "call", "times"), CREATE)
def test_a_create_that_is_cut_off_makes_all_or_nothing(
    where: str, call: str, times: int, when: str, hit: int
) -> None:
    world = World()
    world.faulty[where].arm(call, when, crash, hit=min(hit, times))
    made = None
    with contextlib.suppress(Crash):
        made = world.create()
    world.settle()
    stands = (where, call, when) != ("groups", "create", "before")
    assert len(world.group_store.groups) == stands
    assert world.states() == ({State.SUCCESS} if stands else set())
    assert len(world.store.tasks) == (60 if stands else 0)
    assert world.group_store.open == set()
    assert made is None or made in world.group_store.groups


@pytest.mark.parametrize(("where", "call", "times"), CREATE[1:])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_outage_after_it_stands_is_no_error(
    where: str, call: str, times: int, when: str
) -> None:
    world = World()
    world.faulty[where].arm(call, when, lose)
    made = world.create()
    assert made in world.group_store.groups
    world.settle()
    assert (len(world.store.tasks), world.states()) == (60, {State.SUCCESS})


def test_an_outage_before_it_stands_is_one() -> None:
    world = World()
    world.faulty["groups"].arm("create", "before", lose)
    with pytest.raises(errors.Outage):
        world.create()
    world.settle()
    assert world.store.tasks == {}


@pytest.mark.parametrize(("when", "hit"), POINTS)
@pytest.mark.parametrize(("where", "call", "times"), CANCEL)
def test_a_cancel_that_is_cut_off_ends_all_or_nothing(
    where: str, call: str, times: int, when: str, hit: int
) -> None:
    world = World()
    group_id = world.create()
    world.faulty[where].arm(call, when, crash, hit=min(hit, times))
    with contextlib.suppress(Crash):
        world.groups.cancel(group_id, by="root")
    noted = world.group_store.groups[group_id].cancelled_at is not None
    # A worker may be faster than the sweeper, but for what the sweeper does first of all.
    world.dispatcher.sent.clear()
    world.settle()
    assert world.states() == {State.REVOKED if noted else State.SUCCESS}
    assert world.group_store.open == set()


@pytest.mark.parametrize(("where", "call", "times"), CREATE[1:])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("dies", [True, False])
def test_a_group_that_is_cancelled_while_it_is_made_never_runs(
    where: str, call: str, times: int, when: str, dies: bool
) -> None:
    world = World()

    def cancel() -> None:
        world.heal()
        (group_id,) = world.group_store.groups
        world.groups.cancel(group_id, by="root")
        if dies:
            raise Crash

    world.faulty[where].arm(call, when, cancel)
    with contextlib.suppress(Crash):
        world.create()
    world.settle()
    (group_id,) = world.group_store.groups
    standing = world.groups.look(group_id, GroupLook()).standing
    assert (len(standing.tasks), standing.state) == (60, State.REVOKED)
    assert all(task.run == 0 for task in standing.tasks)


def test_a_group_that_is_being_made_is_left_alone_by_the_sweeper() -> None:
    world = World()
    swept = []

    def sweep() -> None:
        world.sweeper.sweep()
        swept.append(len(world.store.tasks))

    world.faulty["store"].arm("create_many", "before", sweep)
    world.create()
    assert (swept, len(world.store.tasks)) == ([0], 60)


def test_one_bad_group_does_not_block_the_others() -> None:
    world = World()
    for _ in range(2):
        world.faulty["store"].arm("create_many", "before", crash)
        with contextlib.suppress(Crash):
            world.create()
    world.clock.freeze(61)
    world.faulty["store"].arm("create_many", "before", lose)
    world.sweeper.sweep()
    assert len(world.group_store.open) == 1
    world.settle()
    assert (len(world.store.tasks), world.states()) == (120, {State.SUCCESS})
