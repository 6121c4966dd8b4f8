"""The use cases of tasks, over fakes."""

import dataclasses

import pytest

from chalicelib import errors, keys, run, tasks
from chalicelib.ports import Conflict
from chalicelib.service import Service
from chalicelib.settings import Settings
from chalicelib.tasks import Look, Report, State, Task
from chalicelib.windows import Window
from tests.fakes import FakeClock, FakeDispatcher, MemoryStore
from tests.rig import SETTINGS, Rig

WINDOW = Window(3, 1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1000)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def dispatcher() -> FakeDispatcher:
    return FakeDispatcher()


@pytest.fixture
def service(store: MemoryStore, dispatcher: FakeDispatcher, clock: FakeClock) -> Service:
    settings = Settings(sweep_seconds=60, keep_days=7)
    return Service(store=store, dispatcher=dispatcher, clock=clock, settings=settings)


def made(service: Service, version: str = "v2", **more: str) -> Task:
    """A task that was just created."""
    return service.find(version, service.create(version, WINDOW, **more))


def ended(store: MemoryStore, task: Task, state: State, error: str | None = None) -> Task:
    store.tasks[task.task_id] = tasks.ended(task, state, at=1000, keep_days=7, error=error)
    return store.tasks[task.task_id]


def test_a_created_task_is_kept_and_the_workers_are_told(
    service: Service, store: MemoryStore, dispatcher: FakeDispatcher
) -> None:
    task = made(service)
    assert task == Task(
        task_id=task.task_id, version="v2", window=WINDOW, created_at=1000, due_at=1060
    )
    assert store.tasks == {task.task_id: task}
    assert dispatcher.sent == [task.task_id]


def test_a_task_is_accepted_though_the_queue_is_out(
    service: Service, dispatcher: FakeDispatcher
) -> None:
    dispatcher.out = True
    task = made(service)
    assert service.find("v2", task.task_id) == task


def test_a_task_of_another_version_is_as_unknown_as_none(service: Service) -> None:
    task = made(service, "v3")
    unknown = tasks.new_id()
    for task_id in (task.task_id, unknown, "x"):
        for use in (service.find, service.cancel):
            with pytest.raises(errors.NoSuchTask) as caught:
                use("v2", task_id)
            assert str(caught.value) == f"There is no task '{task_id}': never made, or expired."
    assert service.find("v3", task.task_id).state is State.QUEUED


def test_an_expired_task_is_gone(service: Service, store: MemoryStore, clock: FakeClock) -> None:
    task = ended(store, made(service), State.REVOKED)
    clock.jump(7 * 86_400 - 1)
    assert service.find("v2", task.task_id) == task
    service.cancel("v2", task.task_id)
    clock.jump(1)
    for use in (service.find, service.cancel):
        with pytest.raises(errors.NoSuchTask):
            use("v2", task.task_id)


def test_a_cancelled_task_is_revoked_for_good(service: Service, store: MemoryStore) -> None:
    task = made(service)
    service.cancel("v2", task.task_id)
    revoked = service.find("v2", task.task_id)
    assert revoked == tasks.ended(task, State.REVOKED, at=1000, keep_days=7)
    service.cancel("v2", task.task_id)
    assert service.find("v2", task.task_id) == revoked


@pytest.mark.parametrize("state", [State.SUCCESS, State.FAILURE])
def test_a_task_that_ended_otherwise_cannot_be_cancelled(
    service: Service, store: MemoryStore, state: State
) -> None:
    task = ended(store, made(service), state)
    with pytest.raises(errors.TaskEnded) as caught:
        service.cancel("v2", task.task_id)
    assert str(caught.value) == f"The task has ended as {state} and cannot be cancelled."
    assert store.tasks[task.task_id] == task


def test_reports_are_there_as_far_as_they_are_counted_in(
    service: Service, store: MemoryStore
) -> None:
    task = made(service)
    for index in (0, 1, 2):
        report = Report(index=index, run=1, at=1000, text=f"report {index}\n")
        store.put_report(task.task_id, report, 2000)
    two = dataclasses.replace(task, done=2)
    assert [report.index for report in service.reports(two)] == [0, 1]
    assert [report.index for report in service.reports(two, 1)] == [1]


class TestKey:
    def test_the_same_create_again_makes_nothing(
        self, service: Service, store: MemoryStore, dispatcher: FakeDispatcher
    ) -> None:
        first = service.create("v2", WINDOW, key="a key")
        assert service.create("v2", WINDOW, key="a key") == first
        assert list(store.tasks) == [first]
        # Who asks again may have heard nothing the first time, nor may the workers.
        assert dispatcher.sent == [first, first]

    def test_another_key_makes_another(self, service: Service) -> None:
        ids = {service.create("v2", WINDOW, key=key) for key in ("a key", "b key", None, None)}
        assert len(ids) == 4

    def test_the_same_key_for_another_window_is_refused(self, service: Service) -> None:
        service.create("v2", WINDOW, key="a key")
        with pytest.raises(errors.KeyReused):
            service.create("v2", Window(3, 2), key="a key")

    def test_it_is_held_for_a_day(self, service: Service, clock: FakeClock) -> None:
        first = service.create("v2", WINDOW, key="a key")
        clock.jump(86_399)
        assert service.create("v2", WINDOW, key="a key") == first
        clock.jump(1)
        assert service.create("v2", Window(3, 2), key="a key") != first

    def test_two_at_the_same_moment_are_told_so(self, service: Service, store: MemoryStore) -> None:
        def conflict(method: str) -> None:
            raise Conflict

        store.before = conflict
        with pytest.raises(errors.KeyInUse):
            service.create("v2", WINDOW, key="a key")

    def test_it_is_kept_as_a_digest_of_its_scope(self) -> None:
        digests = [
            keys.digest("a-key", "v2", "192.0.2.1"),
            keys.digest("a-key", "v2", "192.0.2.2"),
            keys.digest("a-key", "v3", "jluser"),
            keys.digest("b-key", "v3", "jluser"),
        ]
        assert len(set(digests)) == 4
        assert keys.digest("a-key", "v3", "jluser") == digests[2]

    @pytest.mark.parametrize("given", ["", " ", "a b", "x" * 256, "é", "a\n", "\x7f"])
    def test_one_that_is_none_is_refused(self, given: str) -> None:
        with pytest.raises(errors.Invalid, match="Idempotency-Key must be 1 to 255 visible"):
            keys.digest(given, "v2")


def test_what_does_not_answer_is_named(
    service: Service, store: MemoryStore, dispatcher: FakeDispatcher
) -> None:
    service.reach()
    dispatcher.out = True
    with pytest.raises(errors.Outage, match=r"SQS does not answer\."):
        service.reach()

    for error in (errors.Outage(), RuntimeError("ResourceNotFoundException")):

        def out(method: str, error: Exception = error) -> None:
            raise error

        store.before = out
        with pytest.raises(errors.Outage, match=r"DynamoDB does not answer\."):
            service.reach()


class TestWatch:
    """Held answers, on a clock of their own: nobody waits in a test."""

    @pytest.fixture
    def rig(self) -> Rig:
        return Rig()

    def running(self, rig: Rig, *, count: int, wait: int) -> str:
        """A task that a worker measures while somebody watches."""
        task_id = rig.create(count=count, wait=wait)
        mine = run.claim(
            task_id,
            host="web-1",
            source="iostat",
            store=rig.store,
            clock=rig.clock,
            settings=SETTINGS,
        )
        mine.report("report 0\n")
        began = rig.clock.now()
        inner = rig.clock.sleep

        def sleep(seconds: float) -> None:
            until = rig.clock.now() + seconds
            due_at = began + mine.task.done * wait
            while mine.task.done < count and due_at <= until:
                inner(due_at - rig.clock.now())
                mine.report(f"report {mine.task.done}\n")
                due_at += wait
            inner(until - rig.clock.now())

        rig.clock.sleep = sleep  # type: ignore[method-assign]
        self.reads = 0

        def count_reads(method: str) -> None:
            self.reads += method == "get"

        rig.store.before = count_reads
        return task_id

    def test_an_answer_is_there_at_once_if_there_is_something_new(self, rig: Rig) -> None:
        task_id = self.running(rig, count=10, wait=5)
        task = rig.service.watch("v2", task_id, Look(detail=True, timeout=20))
        assert (task.done, self.reads, rig.clock.now()) == (1, 1, 1000)

    @pytest.mark.parametrize(("wait", "reads"), [(1, 2), (5, 3), (12, 4)])
    def test_it_comes_with_the_next_report_and_costs_few_reads(
        self, rig: Rig, wait: int, reads: int
    ) -> None:
        task_id = self.running(rig, count=10, wait=wait)
        task = rig.service.watch("v2", task_id, Look(detail=True, since=1, timeout=20))
        assert task.done == 2
        assert wait <= rig.clock.now() - 1000 <= wait + 0.5
        assert self.reads <= reads

    def test_following_a_window_takes_a_request_a_report(self, rig: Rig) -> None:
        task_id = self.running(rig, count=30, wait=1)
        for since in range(30):
            look = Look(detail=True, since=since, timeout=20)
            assert rig.service.watch("v2", task_id, look).done == since + 1
        assert self.reads <= 2 * 30

    def test_without_detail_it_waits_for_the_end(self, rig: Rig) -> None:
        task_id = self.running(rig, count=30, wait=1)
        first = rig.service.watch("v2", task_id, Look(timeout=20))
        assert (first.state, rig.clock.now()) == (State.STARTED, 1020)
        second = rig.service.watch("v2", task_id, Look(timeout=20))
        assert second.state is State.SUCCESS
        assert rig.clock.now() <= 1029.5
        assert self.reads <= 10

    def test_past_the_last_report_it_waits_for_the_end(self, rig: Rig) -> None:
        task_id = self.running(rig, count=3, wait=2)
        task = rig.service.watch("v2", task_id, Look(detail=True, since=3, timeout=20))
        assert task.state is State.SUCCESS

    def test_a_queued_task_is_looked_at_again_and_again(self, rig: Rig) -> None:
        task_id = rig.create()
        looks: list[float] = []

        def look(method: str) -> None:
            if method == "get":
                looks.append(rig.clock.now() - 1000)

        rig.store.before = look
        task = rig.service.watch("v2", task_id, Look(timeout=3))
        assert task.state is State.QUEUED
        assert rig.clock.now() == pytest.approx(1003)
        assert looks[:7] == pytest.approx([0, 0.04, 0.08, 0.16, 0.32, 0.64, 1.09])

    def test_what_is_done_at_once_is_seen_at_once(self, rig: Rig) -> None:
        task_id, inner = rig.create(count=1), rig.clock.sleep

        def sleep(seconds: float) -> None:
            rig.worker.work(task_id)
            inner(seconds)

        rig.clock.sleep = sleep  # type: ignore[method-assign]
        task = rig.service.watch("v2", task_id, Look(timeout=20))
        assert task.state is State.SUCCESS
        assert rig.clock.now() == pytest.approx(1000.04)

    def test_what_is_late_is_looked_at_ever_more_seldom(self, rig: Rig) -> None:
        task_id = self.running(rig, count=9, wait=1)
        rig.clock.freeze(10)
        rig.clock.sleep = rig.clock.freeze  # type: ignore[method-assign]
        rig.service.watch("v2", task_id, Look(detail=True, since=1, timeout=20))
        assert self.reads <= 8

    def test_a_clock_that_is_behind_the_workers_does_not_wait_longer(self, rig: Rig) -> None:
        task_id = self.running(rig, count=9, wait=1)
        rig.clock.jump(-60)
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            rig.clock.freeze(seconds)

        rig.clock.sleep = sleep  # type: ignore[method-assign]
        rig.service.watch("v2", task_id, Look(detail=True, since=1, timeout=2))
        assert slept[0] == pytest.approx(1.1)

    def test_a_cancel_is_noticed_before_the_next_report(self, rig: Rig) -> None:
        task_id = self.running(rig, count=2, wait=3600)
        inner = rig.clock.sleep

        def sleep(seconds: float) -> None:
            inner(seconds)
            rig.service.cancel("v2", task_id)

        rig.clock.sleep = sleep  # type: ignore[method-assign]
        task = rig.service.watch("v2", task_id, Look(timeout=20))
        assert task.state is State.REVOKED
        assert rig.clock.now() <= 1005

    def test_holding_can_be_turned_off(self) -> None:
        rig = Rig(SETTINGS._replace(hold_seconds=0))
        rig.service.watch("v2", rig.create(), Look(timeout=20))
        assert rig.clock.now() == 1000

    def test_a_report_that_the_window_does_not_have_is_refused(self, rig: Rig) -> None:
        task_id = rig.create(count=3)
        rig.service.watch("v2", task_id, Look(since=3))
        with pytest.raises(errors.Invalid) as caught:
            rig.service.watch("v2", task_id, Look(since=4))
        assert str(caught.value) == "since must be at most 3, the window's count, not 4."
