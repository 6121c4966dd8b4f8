"""Open tasks of every version, as an operator sees and cancels them, on fakes."""

import pytest

from chalicelib import errors
from chalicelib.settings import Settings
from chalicelib.tasks import model
from chalicelib.tasks.model import State
from chalicelib.tasks.service import TaskService
from tests.support.asking import ZERO
from tests.support.fakes import FakeClock, FakeDispatcher, MemoryStore
from tests.support.records import NOW, a_task


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def service(store: MemoryStore) -> TaskService:
    return TaskService(
        store=store, dispatcher=FakeDispatcher(), clock=FakeClock(NOW), settings=Settings()
    )


def test_open_tasks_of_all_versions_come_the_oldest_first(
    store: MemoryStore, service: TaskService
) -> None:
    young, old = a_task(created_at=NOW - 1), a_task(created_at=NOW - 9, version="v3")
    ended = model.ended(a_task(), State.SUCCESS, at=NOW, keep_days=7)
    for task in (young, ended, old):
        store.create(task)
    assert service.open(2) == ([old, young], False)


def test_of_too_many_the_longest_due_are_given(store: MemoryStore, service: TaskService) -> None:
    tasks = [a_task(due_at=NOW + index, created_at=NOW - index) for index in range(3)]
    for task in tasks:
        store.create(task)
    assert service.open(2) == ([tasks[1], tasks[0]], True)


@pytest.mark.parametrize("version", model.VERSIONS)
def test_a_task_of_any_version_is_cancelled(
    version: str, store: MemoryStore, service: TaskService
) -> None:
    task = a_task(version=version)
    store.create(task)
    service.cancel_any(task.task_id)
    service.cancel_any(task.task_id)
    assert store.tasks[task.task_id].state is State.REVOKED


@pytest.mark.parametrize("version", model.VERSIONS)
def test_one_that_has_ended_stays_as_it_is(
    version: str, store: MemoryStore, service: TaskService
) -> None:
    ended = model.ended(a_task(version=version), State.SUCCESS, at=NOW, keep_days=7)
    store.create(ended)
    with pytest.raises(errors.TaskEnded, match="has ended as SUCCESS"):
        service.cancel_any(ended.task_id)
    assert store.tasks[ended.task_id] == ended


@pytest.mark.parametrize("task_id", [ZERO, "x"])
def test_one_that_was_never_made_is_said_to_be_none(task_id: str, service: TaskService) -> None:
    with pytest.raises(errors.NoSuchTask, match=f"There is no task '{task_id}'"):
        service.cancel_any(task_id)
