"""The use cases of tasks, on fakes."""

from functools import partial
from typing import Any

import pytest

from chalicelib import errors, ids
from chalicelib.measure.model import Window
from chalicelib.settings import Settings
from chalicelib.tasks import idempotency as keys
from chalicelib.tasks import model as tasks
from chalicelib.tasks.model import Look, Report, State, Task
from chalicelib.tasks.service import TaskService
from tests.support.fakes import FakeClock, FakeDispatcher
from tests.support.memory_store import MemoryStore

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
def service(store: MemoryStore, dispatcher: FakeDispatcher, clock: FakeClock) -> TaskService:
    settings = Settings(sweep_seconds=60, keep_days=7)
    return TaskService(store=store, dispatcher=dispatcher, clock=clock, settings=settings)


def found(service: TaskService, version: str, task_id: str) -> Task:
    """Give the task as a caller sees it."""
    return service.look(version, task_id, Look()).task


def made(service: TaskService, version: str = "v2", **more: Any) -> Task:
    """Create a task and give it."""
    return found(service, version, service.create(version, WINDOW, **more))


def ended(store: MemoryStore, task: Task, state: State, error: str | None = None) -> Task:
    store.tasks[task.task_id] = tasks.ended(task, state, at=1000, keep_days=7, error=error)
    return store.tasks[task.task_id]


def test_who_created_a_task_is_logged(
    service: TaskService, logged: list[tuple[str, dict[str, object]]]
) -> None:
    window = {"count": 3, "wait": 1, "extended": False, "cpu": False}
    task_id = service.create("v2", WINDOW, source="203.0.113.7")
    fields = {"task_id": task_id, **window, "user": None, "source": "203.0.113.7"}
    assert logged.pop() == ("task created", fields)
    task_id = service.create("v3", WINDOW, owner="jluser", source="203.0.113.7")
    fields = {"task_id": task_id, **window, "user": "jluser", "source": "203.0.113.7"}
    assert logged.pop() == ("task created", fields)
    service.create("v3", WINDOW._replace(extended=True, cpu=True), owner="jluser")
    _, options = logged.pop()
    assert (options["extended"], options["cpu"]) == (True, True)


def test_a_created_task_is_stored_and_the_workers_get_a_hint(
    service: TaskService, store: MemoryStore, dispatcher: FakeDispatcher
) -> None:
    task = made(service)
    assert task == Task(
        task_id=task.task_id, version="v2", window=WINDOW, created_at=1000, due_at=1060
    )
    assert store.tasks == {task.task_id: task}
    assert dispatcher.sent == [task.task_id]


def test_a_task_is_accepted_when_the_queue_does_not_answer(
    service: TaskService, dispatcher: FakeDispatcher
) -> None:
    dispatcher.out = True
    task = made(service)
    assert found(service, "v2", task.task_id) == task


def test_a_task_of_another_version_gets_the_answer_of_an_unknown_one(service: TaskService) -> None:
    task = made(service, "v3")
    unknown = ids.new_id()
    for task_id in (task.task_id, unknown, "x"):
        for use in (partial(found, service), service.cancel):
            with pytest.raises(errors.NoSuchTask) as caught:
                use("v2", task_id)
            said = f"There is no task '{task_id}': it was never created, or it has expired."
            assert str(caught.value) == said
    assert found(service, "v3", task.task_id).state is State.QUEUED


def test_an_expired_task_cannot_be_read_or_cancelled(
    service: TaskService, store: MemoryStore, clock: FakeClock
) -> None:
    task = ended(store, made(service), State.REVOKED)
    clock.jump(7 * 86_400 - 1)
    assert found(service, "v2", task.task_id) == task
    service.cancel("v2", task.task_id)
    clock.jump(1)
    for use in (partial(found, service), service.cancel):
        with pytest.raises(errors.NoSuchTask):
            use("v2", task.task_id)


def test_a_cancelled_task_is_revoked_for_good(service: TaskService, store: MemoryStore) -> None:
    task = made(service)
    service.cancel("v2", task.task_id)
    revoked = found(service, "v2", task.task_id)
    assert revoked == tasks.ended(task, State.REVOKED, at=1000, keep_days=7)
    service.cancel("v2", task.task_id)
    assert found(service, "v2", task.task_id) == revoked


@pytest.mark.parametrize("state", [State.SUCCESS, State.FAILURE])
def test_a_task_that_ended_otherwise_cannot_be_cancelled(
    service: TaskService, store: MemoryStore, state: State
) -> None:
    task = ended(store, made(service), state)
    with pytest.raises(errors.TaskEnded) as caught:
        service.cancel("v2", task.task_id)
    assert str(caught.value) == f"The task has ended as {state} and cannot be cancelled."
    assert store.tasks[task.task_id] == task


def test_only_the_reports_that_the_task_counts_are_given(
    service: TaskService, store: MemoryStore
) -> None:
    task = made(service)
    for index in (0, 1, 2):
        report = Report(index=index, run=1, at=1000, text=f"report {index}\n")
        store.put_report(task.task_id, report, 2000)
    two = task._replace(done=2)
    store.tasks[task.task_id] = two
    for since, indexes in ((0, [0, 1]), (1, [1]), (2, [])):
        view = service.look("v2", task.task_id, Look(detail=True, since=since))
        assert view.task == two
        assert [it.report.index for it in view.reports] == indexes


@pytest.mark.parametrize(
    ("since", "shown"),
    [
        (0, [(0, 1000), (1, None), (2, None), (3, 1000), (4, None)]),
        (2, [(2, None), (3, 1000), (4, None)]),
        (4, [(4, None)]),
    ],
)
def test_a_report_that_is_missing_is_said(
    service: TaskService, store: MemoryStore, since: int, shown: list[tuple[int, float | None]]
) -> None:
    task_id = service.create("v2", Window(9, 1))
    for index in (0, 3):
        report = Report(index=index, run=1, at=1000, text=f"report {index}\n")
        store.put_report(task_id, report, 2000)
    store.tasks[task_id] = store.tasks[task_id]._replace(done=5)
    view = service.look("v2", task_id, Look(detail=True, since=since))
    assert [(it.report.index, it.report.at) for it in view.reports] == shown
    for it in view.reports:
        said = "report {}\n" if it.report.at else "(report {} is missing)\n\n"
        assert it.report.text == said.format(it.report.index)
        assert it.devices == []


class TestKey:
    def test_the_same_create_again_makes_no_second_task(
        self, service: TaskService, store: MemoryStore, dispatcher: FakeDispatcher
    ) -> None:
        first = service.create("v2", WINDOW, key="a-key")
        assert service.create("v2", WINDOW, key="a-key") == first
        assert list(store.tasks) == [first]
        # The first create may have failed before its hint, so the second one sends a hint too.
        assert dispatcher.sent == [first, first]

    def test_another_key_makes_another_task(self, service: TaskService) -> None:
        ids = {service.create("v2", WINDOW, key=key) for key in ("a-key", "b-key", None, None)}
        assert len(ids) == 4

    def test_the_same_key_for_another_window_is_refused(self, service: TaskService) -> None:
        service.create("v2", WINDOW, key="a-key")
        with pytest.raises(errors.KeyReused):
            service.create("v2", Window(3, 2), key="a-key")

    def test_a_key_is_valid_for_a_day(self, service: TaskService, clock: FakeClock) -> None:
        first = service.create("v2", WINDOW, key="a-key")
        clock.jump(86_399)
        assert service.create("v2", WINDOW, key="a-key") == first
        clock.jump(1)
        assert service.create("v2", Window(3, 2), key="a-key") != first

    def test_two_creates_with_one_key_at_the_same_moment_are_an_error(
        self, service: TaskService, store: MemoryStore
    ) -> None:
        def conflict(method: str) -> None:
            raise errors.Conflict

        store.before = conflict
        with pytest.raises(errors.KeyInUse):
            service.create("v2", WINDOW, key="a-key")

    def test_the_digest_of_a_key_depends_on_its_scope(self) -> None:
        digests = [
            keys.digest("a-key", "v2", "192.0.2.1"),
            keys.digest("a-key", "v2", "192.0.2.2"),
            keys.digest("a-key", "v3", "jluser"),
            keys.digest("b-key", "v3", "jluser"),
        ]
        assert len(set(digests)) == 4
        assert keys.digest("a-key", "v3", "jluser") == digests[2]

    @pytest.mark.parametrize("given", ["", " ", "a b", "x" * 256, "é", "a\n", "\x7f"])
    def test_a_key_that_is_not_allowed_is_refused(self, given: str) -> None:
        with pytest.raises(errors.Invalid, match="Idempotency-Key must be 1 to 255 visible"):
            keys.digest(given, "v2")


def test_a_service_that_does_not_answer_is_named(
    service: TaskService, store: MemoryStore, dispatcher: FakeDispatcher
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
