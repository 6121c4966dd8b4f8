"""Durable writes: what a request has written is on disk before its answer goes out."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends

from local.cloud import orders
from local.cloud.answers import Answer
from local.cloud.folder import Refused
from local.cloud.records import WRITES
from local.cloud.request import Request

_DYNAMODB = "DynamoDB_20120810."


class Journal(Protocol):
    """What is needed of `local.cloud.journal.Journal`; its methods are described there."""

    @property
    def due_for_compaction(self) -> bool:
        """Whether it is time to compact."""

    def load(self, tables: DynamoDBBackend) -> int:
        """Fill the tables."""

    def note(self, tables: DynamoDBBackend, action: str, asked: Mapping[str, Any]) -> None:
        """Take down what a write has left."""

    def flush(self) -> None:
        """Make all that was noted durable."""

    def slices(self, tables: DynamoDBBackend) -> Iterator[None]:
        """Compact, some milliseconds at a time."""


class Recorder:
    """Notes what writes have left, and flushes once for all that one turn of the loop has noted."""

    def __init__(self, journal: Journal, give_up: Callable[[str], None]) -> None:
        """`give_up` must end the process: memory may then be ahead of the disk."""
        self._journal, self._give_up = journal, give_up
        #: Nothing is noted before the data stack is there, and the journal's records in it.
        self._tables: DynamoDBBackend | None = None
        self._place = ("", "")
        #: Done when all that was noted up to now is durable.
        self._flushed: asyncio.Future[None] | None = None
        self._compaction: asyncio.Task[None] | None = None

    def load(self, place: tuple[str, str]) -> None:
        """Fill the tables of a new data stack, or give up."""
        if self._tables is not None:
            return
        account, region = place
        tables = dynamodb_backends[account][region]
        try:
            self._journal.load(tables)
        except (Refused, OSError) as broken:
            self._give_up(str(broken))
        else:
            orders.forget(tables.tables.values())
            self._place, self._tables = place, tables

    def note(self, request: Request, answer: Answer) -> None:
        """Note what a request has left in the tables, if it is one that has written."""
        if self._tables is None or not request.target.startswith(_DYNAMODB):
            return
        self._compact_when_due(self._tables)
        action = request.target.removeprefix(_DYNAMODB)
        if action not in WRITES or answer[0] != 200 or request.place != self._place:
            return
        self._journal.note(self._tables, action, json.loads(request.body))
        if self._flushed is None:
            loop = asyncio.get_running_loop()
            self._flushed = loop.create_future()
            # Behind the other requests of this turn of the loop.
            loop.call_soon(self._flush, self._flushed)

    async def flushed(self) -> None:
        """Wait until all that was noted up to now is durable.

        Readers wait, too: nobody may see what a crash could still take back.
        """
        if self._flushed is not None:
            await asyncio.shield(self._flushed)

    def _flush(self, flushed: asyncio.Future[None]) -> None:
        self._flushed = None
        try:
            self._journal.flush()
        except OSError as broken:
            self._give_up(str(broken))
        else:
            flushed.set_result(None)

    def _compact_when_due(self, tables: DynamoDBBackend) -> None:
        idle = self._compaction is None or self._compaction.done()
        if idle and self._journal.due_for_compaction:
            self._compaction = asyncio.create_task(self._compact(tables))

    async def _compact(self, tables: DynamoDBBackend) -> None:
        try:
            for _ in self._journal.slices(tables):
                await asyncio.sleep(0)
        except OSError as broken:
            self._give_up(str(broken))
