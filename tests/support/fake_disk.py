"""A disk in memory: it knows what is durable, and crashes at the call that a test names."""

import os
from collections.abc import Callable
from pathlib import Path

from local.cloud.folder import Disk

#: Gives a number from 0 to the one that it is given: how much of something a crash keeps.
Pick = Callable[[int], int]

_FOLDER = 1
#: Bytes that reach the disk together, or not.
_SECTOR = 64


class Crash(BaseException):
    """The machine stops here."""


class File:
    """What a file holds for sure, and what was written to it since."""

    def __init__(self, durable: bytes = b"") -> None:
        self.durable, self.written = durable, b""

    def after_crash(self, pick: Pick) -> "File":
        """Give what is left: of what was not durable a part, with holes."""
        left = bytearray(self.written[: pick(len(self.written))])
        for start in range(0, len(left), _SECTOR):
            if pick(3) == 0:
                left[start : start + _SECTOR] = bytes(len(left[start : start + _SECTOR]))
        return File(self.durable + bytes(left))


class FakeDisk(Disk):
    """A disk with one folder. Between two `_point`s of a call is where it may crash."""

    def __init__(self, crash_at: int | None = None) -> None:
        super().__init__()
        self.crash_at, self.points = crash_at, 0
        #: The calls that fail, and how; "short" is a write of a half.
        self.failing: dict[str, str | int] = {}
        #: The folder as it is for sure, and after each later change.
        self.folders: list[dict[str, File]] = [{}]
        self._open: dict[int, File] = {}

    def after_crash(self, pick: Pick, crash_at: int | None = None) -> "FakeDisk":
        """Give the disk as it is when the machine has started again."""
        disk = FakeDisk(crash_at)
        kept = self.folders[pick(len(self.folders) - 1)]
        disk.folders = [{name: file.after_crash(pick) for name, file in kept.items()}]
        return disk

    def folder(self, path: Path) -> int:
        return _FOLDER

    def close_to_others(self, folder: int) -> None:
        return None

    def names(self, folder: int) -> set[str]:
        return set(self.folders[-1])

    def open(self, folder: int, name: str, flags: int) -> int:
        self._point("open")
        if name not in self.folders[-1]:
            self._change({**self.folders[-1], name: File()})
        number = _FOLDER + 1 + len(self._open)
        self._open[number] = self.folders[-1][name]
        self._point("open")
        return number

    def lock(self, file: int) -> bool:
        return True

    def read(self, file: int) -> bytes:
        return self._open[file].durable + self._open[file].written

    def write(self, file: int, data: bytes) -> int:
        self._point("write")
        half = len(data) // 2
        self._open[file].written += data[:half]
        self._point("write")
        if self.failing.get("write") == "short":
            return half
        self._open[file].written += data[half:]
        self._point("write")
        return len(data)

    def fdatasync(self, file: int) -> None:
        self._point("fdatasync")
        self._keep(file)
        self._point("fdatasync")

    def fsync(self, file: int) -> None:
        self._point("fsync")
        if file == _FOLDER:
            self.folders = self.folders[-1:]
        else:
            self._keep(file)
        self._point("fsync")

    def rename(self, folder: int, old: str, new: str) -> None:
        self._point("rename")
        names = dict(self.folders[-1])
        names[new] = names.pop(old)
        self._change(names)
        self._point("rename")

    def unlink(self, folder: int, name: str) -> None:
        self._point("unlink")
        self._change({other: it for other, it in self.folders[-1].items() if other != name})
        self._point("unlink")

    def close(self, file: int) -> None:
        return None

    def _keep(self, file: int) -> None:
        kept = self._open[file]
        kept.durable, kept.written = kept.durable + kept.written, b""

    def _change(self, names: dict[str, File]) -> None:
        self.folders.append(names)

    def _point(self, call: str) -> None:
        if self.points == self.crash_at:
            # Whatever the dying process still tries has no effect either.
            raise Crash
        self.points += 1
        error = self.failing.get(call)
        if isinstance(error, int):
            raise OSError(error, os.strerror(error))
