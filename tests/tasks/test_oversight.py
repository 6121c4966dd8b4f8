"""Open tasks of every version, as an operator sees and cancels them, on fakes."""

import pytest

from chalicelib import errors
from chalicelib.settings import Settings
from chalicelib.tasks import model, oversight
from chalicelib.tasks.model import State
from chalicelib.tasks.service import TaskService
from tests.support.asking import ZERO
from tests.support.fakes import FakeClock, FakeDispatcher
from tests.support.memory_store import MemoryStore
from tests.support.records import NOW, a_task


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def service(store: MemoryStore) -> TaskService:
    return TaskService(
        store=store, dispatcher=FakeDispatcher(), clock=FakeClock(NOW), settings=Settings()
    )


def test_open_tasks_of_all_versions_come_the_oldest_first(store: MemoryStore) -> None:
    young, old = a_task(created_at=NOW - 1), a_task(created_at=NOW - 9, version="v3")
    ended = model.ended(a_task(), State.SUCCESS, at=NOW, keep_days=7)
    for task in (young, ended, old):
        store.create(task)
    assert oversight.open_tasks(store, 2) == ([old, young], False)


def test_of_too_many_the_oldest_are_given(store: MemoryStore) -> None:
    tasks = [a_task(created_at=NOW - index) for index in range(3)]
    for task in tasks:
        store.create(task)
    assert oversight.open_tasks(store, 2) == ([tasks[2], tasks[1]], True)


@pytest.mark.parametrize("version", model.VERSIONS)
def test_a_task_of_any_version_is_cancelled(
    version: str, store: MemoryStore, service: TaskService
) -> None:
    task = a_task(version=version)
    store.create(task)
    oversight.cancel(service, task.task_id)
    oversight.cancel(service, task.task_id)
    assert store.tasks[task.task_id].state is State.REVOKED


@pytest.mark.parametrize("version", model.VERSIONS)
def test_one_that_has_ended_stays_as_it_is(
    version: str, store: MemoryStore, service: TaskService
) -> None:
    ended = model.ended(a_task(version=version), State.SUCCESS, at=NOW, keep_days=7)
    store.create(ended)
    with pytest.raises(errors.TaskEnded, match="has ended as SUCCESS"):
        oversight.cancel(service, ended.task_id)
    assert store.tasks[ended.task_id] == ended


@pytest.mark.parametrize("task_id", [ZERO, "x"])
def test_one_that_was_never_made_is_said_to_be_none(task_id: str, service: TaskService) -> None:
    with pytest.raises(errors.NoSuchTask, match=f"There is no task '{task_id}'"):
        oversight.cancel(service, task_id)
