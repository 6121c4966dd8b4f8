"""Tasks for a host: only it may measure them, in time, and its uptime is one of them."""

from typing import Any

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks import task_ids
from chalicelib.tasks.model import Look, State, Task
from tests.support.rig import Rig


@pytest.fixture
def rig(rig: Rig) -> Rig:
    rig.add_host("web-1")
    rig.add_host("db-1")
    return rig


def create(rig: Rig, host: str | None = "web-1", **more: Any) -> str:
    """Create a task for a host and forget its hint."""
    task_id = rig.host_tasks.create(Window(3, 1), host=host, owner="jluser", **more)
    rig.dispatcher.sent.clear()
    return task_id


def answer(rig: Rig, name: str = "web-1") -> None:
    """Let the worker of a host deal with its hints whenever somebody sleeps."""

    def work() -> None:
        while rig.dispatcher.sent:
            rig.worker_of(name).work(rig.dispatcher.sent.pop())

    rig.clock.every_second = work


class TestCreate:
    def test_its_id_bears_the_name_and_a_hint_is_sent(self, rig: Rig) -> None:
        task_id = rig.host_tasks.create(Window(3, 1), host="web-1", owner="jluser")
        assert task_ids.host_of(task_id) == "web-1"
        assert rig.dispatcher.sent == [task_id]
        assert rig.task(task_id) == Task(
            task_id=task_id,
            version="v3",
            window=Window(3, 1),
            created_at=1000,
            owner="jluser",
            target="web-1",
            start_by=1600,
            due_at=1060,
        )

    def test_without_a_host_any_worker_may_measure_it(self, rig: Rig) -> None:
        task_id = create(rig, None)
        assert (rig.task(task_id).target, rig.task(task_id).start_by) == (None, None)
        rig.worker_of("web-1").work(task_id)
        assert rig.task(task_id).state is State.SUCCESS

    @pytest.mark.parametrize("name", ["web-2", "WEB-1", "", "1"])
    def test_an_unknown_host_gets_none(self, rig: Rig, name: str) -> None:
        with pytest.raises(errors.NoSuchHost):
            rig.host_tasks.create(Window(3, 1), host=name, owner="jluser")
        assert rig.store.tasks == {}

    def test_a_removed_host_gets_none(self, rig: Rig) -> None:
        rig.hosts.remove("web-1", 1000, kept_until=2000)
        with pytest.raises(errors.NoSuchHost):
            create(rig)

    @pytest.mark.parametrize("other", [{"host": "db-1"}, {"start_within": 30}, {"host": None}])
    def test_a_key_is_for_one_host_and_one_time(self, rig: Rig, other: dict[str, object]) -> None:
        asked: dict[str, object] = {"host": "web-1", "owner": "jluser", "key": "nightly"}
        first = rig.host_tasks.create(Window(3, 1), **asked)  # type: ignore[arg-type]
        assert rig.host_tasks.create(Window(3, 1), **asked) == first  # type: ignore[arg-type]
        with pytest.raises(errors.KeyReused):
            rig.host_tasks.create(Window(3, 1), **asked | other)  # type: ignore[arg-type]


class TestClaim:
    def test_the_host_itself_measures_it(self, rig: Rig) -> None:
        task_id = create(rig)
        rig.worker_of("web-1").work(task_id)
        assert rig.task(task_id).state is State.SUCCESS

    @pytest.mark.parametrize("name", ["db-1", None])
    def test_another_worker_does_not(self, rig: Rig, name: str | None) -> None:
        task_id = create(rig)
        before = rig.task(task_id)
        worker = rig.worker_of(name) if name else rig.worker
        worker.work(task_id)
        assert rig.task(task_id) == before

    def test_another_worker_does_not_take_it_over_either(self, rig: Rig) -> None:
        task_id = create(rig)
        rig.worker = rig.worker_of("web-1")
        rig.crash(task_id)
        rig.clock.freeze(200)
        rig.worker_of("db-1").work(task_id)
        assert rig.task(task_id).run == 1
        rig.worker_of("web-1").work(task_id)
        assert (rig.task(task_id).state, rig.task(task_id).run) == (State.SUCCESS, 2)

    def test_after_its_time_it_is_not_begun(self, rig: Rig) -> None:
        task_id = create(rig, start_within=30)
        rig.clock.freeze(31)
        rig.worker_of("web-1").work(task_id)
        assert rig.task(task_id).state is State.QUEUED

    def test_what_was_begun_in_time_goes_on_later(self, rig: Rig) -> None:
        task_id = create(rig, start_within=30)
        rig.worker = rig.worker_of("web-1")
        rig.crash(task_id)
        rig.clock.freeze(200)
        rig.worker.work(task_id)
        assert rig.task(task_id).state is State.SUCCESS


class TestUptime:
    def test_a_host_says_it(self, rig: Rig) -> None:
        answer(rig)
        told = rig.host_tasks.uptime("web-1", owner="jluser")
        assert told._asdict() == rig.machine.uptime_numbers()
        (task,) = rig.store.tasks.values()
        assert (task.state, task.target, task.done) == (State.SUCCESS, "web-1", 1)

    def test_a_dead_host_is_named_and_its_task_is_cancelled(self, rig: Rig) -> None:
        rig.add_host("web-1", seen=3 * 86_400)
        with pytest.raises(errors.HostSilent) as silent:
            rig.host_tasks.uptime("web-1", owner="jluser")
        said = "web-1 did not answer within 20 s; it was last seen 3 days ago."
        assert str(silent.value) == said
        (task,) = rig.store.tasks.values()
        assert task.state is State.REVOKED

    def test_an_answer_at_the_last_moment_counts(self, rig: Rig) -> None:
        def answer_late(method: str) -> None:
            if method == "cancel":
                rig.worker_of("web-1").work(rig.dispatcher.sent.pop())

        rig.store.before = answer_late
        assert rig.host_tasks.uptime("web-1", owner="jluser").users == 2

    def test_a_host_that_cannot_tell_says_why(self, rig: Rig) -> None:
        answer(rig)

        def fail() -> dict[str, object]:
            raise errors.MachineFailed("uptime cannot be read.")

        rig.machine.uptime_numbers = fail  # type: ignore[method-assign]
        with pytest.raises(errors.MachineFailed, match=r"^uptime cannot be read\.$"):
            rig.host_tasks.uptime("web-1", owner="jluser")

    def test_a_host_that_says_something_else_is_not_believed(self, rig: Rig) -> None:
        answer(rig)
        rig.machine.uptime_numbers = lambda: {"uptime": 1}  # type: ignore[method-assign]
        with pytest.raises(errors.MachineFailed, match=r"^What web-1 says is not an uptime\.$"):
            rig.host_tasks.uptime("web-1", owner="jluser")

    def test_an_unknown_host_has_none(self, rig: Rig) -> None:
        with pytest.raises(errors.NoSuchHost):
            rig.host_tasks.uptime("web-2", owner="jluser")

    def test_it_is_in_no_list_but_can_be_looked_at(self, rig: Rig) -> None:
        answer(rig)
        rig.host_tasks.uptime("web-1", owner="jluser")
        (task_id,) = rig.store.tasks
        view = rig.service.look("v3", task_id.replace("~", "%7E"), Look())
        assert view.task.state is State.SUCCESS
