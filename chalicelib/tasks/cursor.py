"""Cursors: positions in lists of tasks."""

import re
from typing import NamedTuple, Self

from chalicelib import errors
from chalicelib.tasks import task_ids

#: A cursor as it is written in a link.
PATTERN = rf"^[0-9]{{1,12}}(\.[0-9]{{1,9}})?_{task_ids.PATTERN}$"

_CURSOR = re.compile(PATTERN, re.ASCII)


class Cursor(NamedTuple):
    """A position in the list of v3's tasks: after this task, even if it has been deleted."""

    created_at: float
    task_id: str

    def __str__(self) -> str:
        return f"{self.created_at!r}_{self.task_id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a cursor as it is written in a link. Raises Invalid."""
        created_at, _, task_id = text.partition("_")
        if not _CURSOR.fullmatch(text):
            raise errors.Invalid(f"after must come from a next link, not {errors.shorten(text)}.")
        return cls(float(created_at), task_id)
