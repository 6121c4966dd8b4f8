"""The journal: what the local cloud's tables hold, on disk, so that it is there after any crash.

The queues are not kept: a message is only a hint, and the sweeper sends others.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from chalicelib import log
from chalicelib.clock import Clock, SystemClock
from local import stage
from local.cloud import orders, records
from local.cloud.folder import SYNC, Disk, Folder, Refused, append

__all__ = ["Broken", "Journal", "Refused"]

_JOURNAL = "journal"
#: Expired items are deleted that often, in seconds: moto itself keeps them for ever.
_COMPACT_SECONDS = 3600.0
#: A journal below this many bytes is not worth compacting.
_SMALL = 4 * 1024 * 1024
#: Bytes that a compaction writes before it lets others go on: some 10 ms of work.
_SLICE = 256 * 1024


class Broken(OSError):
    """The journal cannot be written any more. The message is a sentence for the operator.

    The tables hold writes that the disk does not. So no answer may go out that was not yet
    durable, and the service must end. Its next start has everything that was acknowledged.
    """


class Journal:
    """A journal in a folder. One thread makes all calls: `load` once, and then any of the others.

    `sync` makes a file's content durable. `disk` makes every other call of the file system.
    """

    def __init__(
        self,
        folder: Path,
        *,
        sync: Callable[[int], None] = SYNC,
        disk: Disk | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Open and lock a folder, and make it if it is missing. Raises Refused."""
        self._disk, self._clock = disk or Disk(sync), clock or SystemClock()
        self._folder = Folder(folder, self._disk)
        self._kept: frozenset[str] = frozenset()
        self._file: int | None = None
        self._size = self._compacted_size = 0
        self._compact_at = 0.0
        #: Records that are not on disk yet.
        self._noted: list[bytes] = []
        #: Records that were written since a compaction began; None while there is none.
        self._since: list[bytes] | None = None
        self._broken: Broken | None = None

    def load(self, tables: DynamoDBBackend) -> int:
        """Fill the tables, which are there and empty, compact, and give the number of items.

        The last write, if a crash has cut it off, is dropped, and logged. From now on all
        writes to these tables are kept. Raises Refused, and Broken.
        """
        self._kept = frozenset(tables.tables)
        _set_ttl(tables)
        data = self._folder.read(_JOURNAL)
        where = self._folder.path / _JOURNAL
        try:
            found, end = records.split(data)
            for record in found:
                for change in records.decode(record):
                    records.apply(tables, change)
        except records.Damaged as exc:
            raise Refused(
                f"{where} is damaged in line {exc.line}, and the lines after it are good. Put a"
                " copy of the folder in its place; or, if what this one line holds may be lost,"
                " delete the line."
            ) from exc
        except records.Unknown as exc:
            raise Refused(
                f"{where} has items of the table {exc.table}, which this version of hoststat does"
                " not know. Start the version that wrote it, or name another folder."
            ) from exc
        if end < len(data):
            log.event("journal cut", file=str(where), lost_bytes=len(data) - end)
        self.compact(tables)
        return sum(len(tables.tables[name]) for name in self._kept)

    def note(self, tables: DynamoDBBackend, action: str, asked: Mapping[str, Any]) -> None:
        """Take down what a request that succeeded has left in the tables. `flush` writes it.

        Actions that are not of `records.WRITES` are passed over.
        """
        changes = records.left_by(tables, self._kept, action, asked)
        if changes:
            self._noted.append(records.encode(changes))

    def flush(self) -> None:
        """Return when everything that was noted is durable. Raises Broken, then and ever after."""
        if self._broken:
            raise self._broken
        if not self._noted or self._file is None:
            return
        with self._breaking():
            self._size += self._write(self._file, self._size, self._noted)
            self._disk.fdatasync(self._file)
        if self._since is not None:
            self._since += self._noted
        self._noted = []

    @property
    def due_for_compaction(self) -> bool:
        """Whether it is time to compact: the journal has grown a lot, or an hour is over."""
        if self._since is not None:
            return False
        grown = self._size > max(_SMALL, 2 * self._compacted_size)
        return grown or self._clock.monotonic() >= self._compact_at

    def compact(self, tables: DynamoDBBackend) -> None:
        """Do all of `slices` at once."""
        for _ in self.slices(tables):
            pass

    def slices(self, tables: DynamoDBBackend) -> Iterator[None]:
        """Write a new journal of the items that are there, and delete those that have expired.

        Between two slices there may be other calls, but not of this method; what is flushed then
        is in the old journal, and at the end in the new one. If nobody asks for the rest, the old
        journal stays in use. Raises Broken.
        """
        with self._breaking(), contextlib.ExitStack() as on_failure:
            self._since = []
            on_failure.callback(setattr, self, "_since", None)
            file = self._folder.begin(_JOURNAL)
            on_failure.callback(self._disk.close, file)
            size = 0
            for changes in self._sliced(tables):
                size += self._write(file, 0, changes)
                # Otherwise the last slice would wait for the disk as long as all others together.
                self._disk.fdatasync(file)
                yield
            # A slice may hold what was not yet durable: the whole of those requests must be there.
            self.flush()
            size += self._write(file, 0, self._since)
            size += self._write(file, size, [records.SEAL])
            self._folder.finish(file, _JOURNAL)
            on_failure.pop_all()
            if self._file is not None:
                self._disk.close(self._file)
            self._file, self._size, self._compacted_size, self._since = file, size, size, None
            self._compact_at = self._clock.monotonic() + _COMPACT_SECONDS

    def close(self) -> None:
        """Let others have the folder. What was not flushed is lost."""
        if self._file is not None:
            self._disk.close(self._file)
            self._file = None
        self._folder.close()

    def _sliced(self, tables: DynamoDBBackend) -> Iterator[list[bytes]]:
        """Give records of all items, some at a time; delete the expired ones on the way."""
        changes: list[bytes] = []
        size = 0
        for name, first, second in self._keys(tables):
            # Look anew each time: moto undoes a transaction by putting another table in its place.
            table = tables.tables.get(name)
            found = table.items.get(first) if table else None
            item = found.get(second) if isinstance(found, dict) else found
            if table is None or item is None:
                continue
            if _is_expired(item, table.ttl, self._clock.now()):
                table.delete_item(first, second)
                orders.forget([table])
                continue
            attributes = records.attributes(item)
            key = {attribute: attributes[attribute] for attribute in table.table_key_attrs}
            changes.append(records.encode([(name, key, attributes)]))
            size += len(changes[-1])
            if size > _SLICE:
                yield changes
                changes, size = [], 0
        yield changes

    def _keys(self, tables: DynamoDBBackend) -> list[tuple[str, DynamoType, DynamoType | None]]:
        keys: list[tuple[str, DynamoType, DynamoType | None]] = []
        for name in sorted(self._kept & tables.tables.keys()):
            table = tables.tables[name]
            for first, found in list(table.items.items()):
                if not table.has_range_key:
                    keys.append((name, first, None))
                elif found:
                    keys += [(name, first, second) for second in found]
                else:
                    # moto leaves these behind, even where it only looked for an item.
                    del table.items[first]
        return keys

    def _write(self, file: int, start: int, changes: list[bytes]) -> int:
        """Append records with one write; give its length. Raises OSError."""
        data = b"".join([records.line(start, it) for it in changes])
        if data:
            append(self._disk, file, data)
        return len(data)

    @contextlib.contextmanager
    def _breaking(self) -> Iterator[None]:
        """Turn an error of the file system into Broken, and stay so."""
        try:
            yield
        except Broken:
            raise
        except OSError as exc:
            self._broken = Broken(
                f"The journal in {self._folder.path} cannot be written: {exc.strerror}. Everything"
                " that was acknowledged is kept. Mend the disk, and start the service again."
            )
            raise self._broken from exc


def _set_ttl(tables: DynamoDBBackend) -> None:
    """Tell moto which attribute is each table's time to live: its CloudFormation does not."""
    template = json.loads((stage.PROJECT / ".chalice" / "resources.json").read_text())
    for properties in (resource["Properties"] for resource in template["Resources"].values()):
        if ttl := properties.get("TimeToLiveSpecification"):
            name = properties["TableName"]["Fn::Sub"].replace("${Stage}", stage.LOCAL)
            if name in tables.tables:
                tables.update_time_to_live(name, ttl)


def _is_expired(item: Item, ttl: Mapping[str, Any], now: float) -> bool:
    """Tell whether DynamoDB would delete an item: its time to live is a number, and past."""
    if ttl["TimeToLiveStatus"] != "ENABLED":
        return False
    until = item.attrs.get(ttl["AttributeName"])
    return until is not None and until.type == "N" and float(until.value) < now
