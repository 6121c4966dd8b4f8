"""Groups: what callers create, see and cancel, and which hosts did not answer."""

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks.group import GroupLook, GroupView
from chalicelib.tasks.model import State
from tests.support.rig import Rig
from tests.tasks.grouping import HOSTS, create, work


@pytest.fixture
def rig(rig: Rig) -> Rig:
    for name in HOSTS:
        rig.add_host(name)
    return rig


def states(view: GroupView) -> dict[str, State]:
    return {task.target or "": task.state for task in view.standing.tasks}


class TestCreate:
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            (("web-2", "db-1"), ["db-1", "web-2"]),
            (("*",), HOSTS),
            (("web-?", "web-1", "db-*", "db-1"), HOSTS),
            (("web-1", "web-1"), ["web-1"]),
        ],
    )
    def test_names_and_globs_become_hosts(
        self, rig: Rig, asked: tuple[str, ...], found: list[str]
    ) -> None:
        group_id = create(rig, *asked)
        ids = [f"{name}~{group_id}" for name in found]
        assert sorted(rig.store.tasks) == sorted(rig.dispatcher.sent) == ids
        task = rig.task(ids[0])
        assert (task.target, task.group_id, task.owner) == (found[0], group_id, "jluser")
        assert (task.start_by, task.version) == (1600, "v3")
        assert rig.group_store.open == set()

    def test_all_that_is_unknown_is_named_and_nothing_is_made(self, rig: Rig) -> None:
        with pytest.raises(errors.NoSuchHosts) as unknown:
            create(rig, "web-1", "web-3", "mail-*", "a")
        assert str(unknown.value) == ("There is no host 'a', 'web-3', 'mail-*'; nothing was made.")
        assert (rig.store.tasks, rig.group_store.groups) == ({}, {})

    def test_of_many_unknown_ones_the_first_are_named(self, rig: Rig) -> None:
        with pytest.raises(errors.NoSuchHosts, match=r"'x0'.*'x17' and 10 more; nothing"):
            create(rig, *(f"x{number}" for number in range(20)))

    def test_a_removed_host_is_unknown(self, rig: Rig) -> None:
        rig.hosts.remove("web-1", 1000, kept_until=2000)
        with pytest.raises(errors.NoSuchHosts):
            create(rig, "web-1")
        assert len(create(rig, "web-*")) == 36

    def test_a_group_has_so_many_hosts_at_most(self) -> None:
        rig = Rig()
        for number in range(1001):
            rig.add_host(f"h{number}")
        with pytest.raises(errors.Invalid, match="hosts means 1001 hosts; at most 1000"):
            create(rig)
        assert rig.group_store.groups == {}

    def test_a_key_makes_one_group(self, rig: Rig) -> None:
        first = create(rig, key="nightly")
        rig.add_host("web-9")
        assert create(rig, key="nightly") == first
        assert len(rig.store.tasks) == 3
        for other in ({"window": Window(4, 1)}, {"start_within": 30}):
            with pytest.raises(errors.KeyReused):
                create(rig, key="nightly", **other)
        with pytest.raises(errors.KeyReused):
            create(rig, "web-*", key="nightly")

    def test_two_creates_with_one_key_make_one_group(self, rig: Rig) -> None:
        other: list[str] = []

        def create_in_between(method: str) -> None:
            if method == "create" and not other:
                other.append("")
                other[0] = create(rig, key="nightly")

        rig.group_store.before = create_in_between
        assert create(rig, key="nightly") == other[0]
        assert len(rig.group_store.groups) == 1


class TestLook:
    def test_every_host_is_in_every_answer(self, rig: Rig) -> None:
        group_id = create(rig)
        rig.store.tasks.pop(f"web-1~{group_id}")
        assert states(rig.groups.look(group_id, GroupLook())) == dict.fromkeys(HOSTS, State.QUEUED)

    def test_it_is_queued_then_started_then_a_success_if_all_are(self, rig: Rig) -> None:
        group_id = create(rig)
        seen = [rig.groups.look(group_id, GroupLook()).standing.state]
        for name in HOSTS:
            work(rig, name)
            seen.append(rig.groups.look(group_id, GroupLook()).standing.state)
        assert seen == [State.QUEUED, State.STARTED, State.STARTED, State.SUCCESS]

    def test_who_did_not_answer_is_named(self, rig: Rig) -> None:
        group_id = create(rig, start_within=30)
        work(rig, "web-1", "web-2")
        rig.clock.freeze(31)
        rig.sweeper.sweep()
        standing = rig.groups.look(group_id, GroupLook()).standing
        assert (standing.state, standing.no_answer) == (State.FAILURE, ["db-1"])
        assert standing.tasks[0].error == (
            "db-1 did not begin it within 30 s; it was last seen 35 seconds ago."
        )

    def test_it_can_be_read_as_long_as_all_its_tasks(self, rig: Rig) -> None:
        group_id = create(rig, "web-1", window=Window(2, 10))
        work(rig, "web-1")
        until = 1000 + 2 * 10 + (30 + 1 + 7) * 86_400
        assert rig.task(f"web-1~{group_id}").expires_at == until
        rig.clock.jump(until - rig.clock.now() - 1)
        assert rig.groups.look(group_id, GroupLook()).standing.state is State.SUCCESS
        rig.clock.jump(1)
        with pytest.raises(errors.NoSuchGroup):
            rig.groups.look(group_id, GroupLook())

    def test_a_task_that_is_cancelled_alone_is_kept_for_the_group(self, rig: Rig) -> None:
        group_id = create(rig, "web-1", "web-2")
        rig.service.cancel("v3", f"web-1~{group_id}")
        assert rig.task(f"web-1~{group_id}").expires_at == (
            rig.group_store.groups[group_id].expires_at
        )
        work(rig, "web-2")
        assert rig.groups.look(group_id, GroupLook()).standing.state is State.FAILURE

    @pytest.mark.parametrize("group_id", ["", "x", "web-1~00000000-0000-4000-8000-000000000000"])
    def test_there_is_no_other_group(self, rig: Rig, group_id: str) -> None:
        with pytest.raises(errors.NoSuchGroup):
            rig.groups.look(group_id, GroupLook())
        with pytest.raises(errors.NoSuchGroup):
            rig.groups.cancel(group_id, by="root")


class TestCancel:
    def test_what_has_not_ended_is_revoked(self, rig: Rig) -> None:
        group_id = create(rig)
        work(rig, "db-1")
        rig.groups.cancel(group_id, by="root")
        view = rig.groups.look(group_id, GroupLook())
        revoked = dict.fromkeys(HOSTS, State.REVOKED) | {"db-1": State.SUCCESS}
        assert states(view) == revoked
        assert view.standing.state is State.REVOKED
        assert view.standing.no_answer == ["web-1", "web-2"]
        rig.groups.cancel(group_id, by="root")

    def test_what_has_ended_is_not(self, rig: Rig) -> None:
        group_id = create(rig)
        work(rig, *HOSTS)
        with pytest.raises(errors.GroupEnded, match="ended as SUCCESS"):
            rig.groups.cancel(group_id, by="root")
        assert rig.group_store.groups[group_id].cancelled_at is None

    def test_what_ends_meanwhile_is_not_either(self, rig: Rig) -> None:
        group_id = create(rig)

        def end_first(method: str) -> None:
            if method == "cancel":
                work(rig, *HOSTS)

        rig.group_store.before = end_first
        with pytest.raises(errors.GroupEnded):
            rig.groups.cancel(group_id, by="root")
        standing = rig.groups.look(group_id, GroupLook()).standing
        assert standing.state is State.SUCCESS

    def test_a_held_answer_sees_it(self, rig: Rig) -> None:
        group_id = create(rig)
        rig.clock.every_second = lambda: rig.groups.cancel(group_id, by="root")
        view = rig.groups.look(group_id, GroupLook(timeout=20))
        assert view.standing.state is State.REVOKED
