"""Tasks: states, moves between them, and ids."""

import pytest

from chalicelib import errors, ids
from chalicelib.measure.model import Window
from chalicelib.tasks import model, task_ids
from chalicelib.tasks.model import MOVES, State, Task


def test_only_a_started_task_can_succeed_and_an_ended_one_cannot_change() -> None:
    assert {state for state in State if state.ended} == {
        State.SUCCESS,
        State.FAILURE,
        State.REVOKED,
    }
    assert model.sources(State.SUCCESS) == [State.STARTED]
    assert model.sources(State.REVOKED) == [State.QUEUED, State.STARTED]
    assert model.sources(State.QUEUED) == []
    assert set(MOVES) == set(State)


def test_a_task_that_ends_is_due_no_more_and_gets_the_time_of_its_expiry() -> None:
    task = Task(task_id="x", version="v2", window=Window(1, 1), created_at=100, due_at=160)
    ended = model.ended(task, State.FAILURE, at=200, keep_days=7, error="It broke.")
    assert (ended.state, ended.error, ended.ended_at, ended.due_at) == (
        State.FAILURE,
        "It broke.",
        200,
        None,
    )
    assert not task.expired(10**12)
    assert not ended.expired(200 + 7 * 86_400 - 1)
    assert ended.expired(200 + 7 * 86_400)


def test_a_new_id_has_the_form_of_an_id() -> None:
    assert task_ids.is_id(ids.new_id())
    assert task_ids.is_id(task_ids.of("web-1", ids.new_id()))


def test_an_id_tells_its_host() -> None:
    uuid = ids.new_id()
    assert task_ids.host_of(uuid) is None
    assert task_ids.host_of(task_ids.of("web-1", uuid)) == "web-1"
    assert task_ids.of(None, uuid) == uuid


def test_an_encoded_id_is_decoded_once() -> None:
    assert task_ids.decoded("web-1%7Ex%7ey") == "web-1~x~y"
    assert task_ids.decoded("web-1%257Ex") == "web-1%257Ex"


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
        "~00000000-0000-4000-8000-000000000000",
        "1~00000000-0000-4000-8000-000000000000",
        "-a~00000000-0000-4000-8000-000000000000",
        "a~b~00000000-0000-4000-8000-000000000000",
        "A~00000000-0000-4000-8000-000000000000",
        "web-1%7E00000000-0000-4000-8000-000000000000",
    ],
)
def test_other_texts_are_no_ids(text: str) -> None:
    assert not task_ids.is_id(text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.QUEUED, State.SUCCESS),
        (State.SUCCESS, State.SUCCESS),
        (State.SUCCESS, State.STARTED),
        (State.REVOKED, State.QUEUED),
        (State.STARTED, State.QUEUED),
    ],
)
def test_a_move_that_is_not_in_the_table_is_an_error(before: State, after: State) -> None:
    with pytest.raises(errors.IllegalMove) as caught:
        model.check_move(before, after)
    assert str(caught.value) == f"A task that is {before} cannot become {after}."
