"""Hints: the body of a message, and bodies that are refused."""

import pytest

from chalicelib import errors
from chalicelib.tasks import hint

TASK_ID = "00000000-0000-4000-8000-000000000000"


def test_a_message_has_a_version_and_the_id_of_a_task() -> None:
    assert hint.encode(TASK_ID) == f'{{"v": 1, "task_id": "{TASK_ID}"}}'
    assert hint.decode(hint.encode(TASK_ID)) == TASK_ID


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x",
        "[1]",
        "{}",
        f'{{"v": 2, "task_id": "{TASK_ID}"}}',
        f'{{"v": "1", "task_id": "{TASK_ID}"}}',
        f'{{"v": true, "task_id": "{TASK_ID}"}}',
        '{"v": 1, "task_id": "abc"}',
        '{"v": 1, "task_id": ""}',
        '{"v": 1}',
        '{"v": 1, "task_id": 7}',
        "[" * 100_000,
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body: str) -> None:
    with pytest.raises(errors.BadMessage):
        hint.decode(body)
