"""The use cases of tasks, over fakes."""

import dataclasses

import pytest

from chalicelib import errors, tasks
from chalicelib.service import Service
from chalicelib.settings import Settings
from chalicelib.tasks import Report, State, Task
from chalicelib.windows import Window
from tests.fakes import FakeClock, FakeDispatcher, MemoryStore

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


def ended(store: MemoryStore, task: Task, state: State, error: str | None = None) -> Task:
    store.tasks[task.task_id] = tasks.ended(task, state, at=1000, keep_days=7, error=error)
    return store.tasks[task.task_id]


def test_a_created_task_is_kept_and_the_workers_are_told(
    service: Service, store: MemoryStore, dispatcher: FakeDispatcher
) -> None:
    task = service.create("v2", WINDOW)
    assert task == Task(
        task_id=task.task_id, version="v2", window=WINDOW, created_at=1000, due_at=1060
    )
    assert store.tasks == {task.task_id: task}
    assert dispatcher.sent == [task.task_id]


def test_a_task_is_accepted_though_the_queue_is_out(
    service: Service, dispatcher: FakeDispatcher
) -> None:
    dispatcher.out = True
    task = service.create("v2", WINDOW)
    assert service.find("v2", task.task_id) == task


def test_a_task_of_another_version_is_as_unknown_as_none(service: Service) -> None:
    task = service.create("v3", WINDOW)
    unknown = tasks.new_id()
    for task_id in (task.task_id, unknown, "x"):
        for use in (service.find, service.cancel):
            with pytest.raises(errors.NoSuchTask) as caught:
                use("v2", task_id)
            assert str(caught.value) == f"There is no task '{task_id}': never made, or expired."
    assert service.find("v3", task.task_id).state is State.QUEUED


def test_an_expired_task_is_gone(service: Service, store: MemoryStore, clock: FakeClock) -> None:
    task = ended(store, service.create("v2", WINDOW), State.REVOKED)
    clock.jump(7 * 86_400 - 1)
    assert service.find("v2", task.task_id) == task
    service.cancel("v2", task.task_id)
    clock.jump(1)
    for use in (service.find, service.cancel):
        with pytest.raises(errors.NoSuchTask):
            use("v2", task.task_id)


def test_a_cancelled_task_is_revoked_for_good(service: Service, store: MemoryStore) -> None:
    task = service.create("v2", WINDOW)
    service.cancel("v2", task.task_id)
    revoked = service.find("v2", task.task_id)
    assert revoked == tasks.ended(task, State.REVOKED, at=1000, keep_days=7)
    service.cancel("v2", task.task_id)
    assert service.find("v2", task.task_id) == revoked


@pytest.mark.parametrize("state", [State.SUCCESS, State.FAILURE])
def test_a_task_that_ended_otherwise_cannot_be_cancelled(
    service: Service, store: MemoryStore, state: State
) -> None:
    task = ended(store, service.create("v2", WINDOW), state)
    with pytest.raises(errors.TaskEnded) as caught:
        service.cancel("v2", task.task_id)
    assert str(caught.value) == f"The task has ended as {state} and cannot be cancelled."
    assert store.tasks[task.task_id] == task


def test_a_result_is_there_from_the_end_on(service: Service, store: MemoryStore) -> None:
    task = service.create("v2", WINDOW)
    for index in (0, 1, 2):
        report = Report(index=index, run=1, at=1000, text=f"report {index}\n")
        store.put_report(task.task_id, report, 2000)
    two = dataclasses.replace(task, done=2)
    assert service.result(two) is None
    assert service.result(ended(store, two, State.REVOKED)) == {"iostat": "report 0\nreport 1\n"}
    assert service.result(ended(store, task, State.FAILURE, "It broke.")) == "It broke."
