"""States and ids."""

import pytest

from chalicelib.measure.model import Window
from chalicelib.tasks import model as tasks
from chalicelib.tasks.model import MOVES, State, Task


def test_only_a_started_task_succeeds_and_an_ended_one_stays() -> None:
    assert {state for state in State if state.ended} == {
        State.SUCCESS,
        State.FAILURE,
        State.REVOKED,
    }
    assert tasks.sources(State.SUCCESS) == [State.STARTED]
    assert tasks.sources(State.REVOKED) == [State.QUEUED, State.STARTED]
    assert tasks.sources(State.QUEUED) == []
    assert set(MOVES) == set(State)


def test_an_end_takes_a_task_off_the_sweepers_list_and_dates_its_expiry() -> None:
    task = Task(task_id="x", version="v2", window=Window(1, 1), created_at=100, due_at=160)
    ended = tasks.ended(task, State.FAILURE, at=200, keep_days=7, error="It broke.")
    assert (ended.state, ended.error, ended.ended_at, ended.due_at) == (
        State.FAILURE,
        "It broke.",
        200,
        None,
    )
    assert not task.expired(10**12)
    assert not ended.expired(200 + 7 * 86_400 - 1)
    assert ended.expired(200 + 7 * 86_400)


def test_a_new_id_is_one() -> None:
    assert tasks.is_id(tasks.new_id())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "../x",
        "a" * 300,
        "😀",
        "0" * 36,
        "A0000000-0000-4000-8000-000000000000",
        "00000000-0000-4000-8000-000000000000\n",
        " 00000000-0000-4000-8000-000000000000",
    ],
)
def test_what_we_never_made_is_no_id(text: str) -> None:
    assert not tasks.is_id(text)
