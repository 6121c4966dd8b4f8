"""The folder of a journal: what is asked of the file system, and who may use the folder."""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

#: macOS has no fdatasync.
SYNC: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)

_LOCK, _VERSION, _NEW = "lock", "version", ".new"
_FORMAT = b"hoststat local cloud, format "
_OURS = _FORMAT + b"1\n"
#: What a start that was cut off may leave in a new folder.
_BEGUN = {_LOCK, _VERSION + _NEW}
#: No link is followed, no program that we start gets the file, no pipe is waited for.
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL


class Refused(RuntimeError):
    """The folder cannot be used. The message is a sentence that says why, and what to do."""


class Disk:
    """Every call of the file system that the journal makes; a test puts another in its place.

    A folder and a file are descriptors, as the system has them. Every method raises OSError.
    """

    def __init__(self, sync: Callable[[int], None] = SYNC) -> None:
        self._sync = sync

    def folder(self, path: Path) -> int:
        """Open a folder, and make it first if it is missing, with the folders above it."""
        missing = [it for it in (path, *path.parents) if not it.exists()]
        path.mkdir(0o700, parents=True, exist_ok=True)
        for made in reversed(missing):
            above = os.open(made.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(above)
            finally:
                os.close(above)
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)

    def close_to_others(self, folder: int) -> None:
        """Let nobody but its owner into a folder: it holds hashes of passwords."""
        os.fchmod(folder, 0o700)

    def names(self, folder: int) -> set[str]:
        """Give the names of all files in a folder."""
        return set(os.listdir(folder))

    def open(self, folder: int, name: str, flags: int) -> int:
        """Open a regular file."""
        file = os.open(name, flags | _FLAGS, 0o600, dir_fd=folder)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise OSError(errno.EINVAL, f"{name} is no regular file")
        return file

    def lock(self, file: int) -> bool:
        """Lock a file until this process ends. Gives False if another process has the lock."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def read(self, file: int) -> bytes:
        """Give all that a file holds."""
        with os.fdopen(file, "rb", closefd=False) as stream:
            return stream.read()

    def write(self, file: int, data: bytes) -> int:
        """Append to a file; give how many bytes were written."""
        return os.write(file, data)

    def fdatasync(self, file: int) -> None:
        """Return when a file's content is durable."""
        self._sync(file)

    def fsync(self, file: int) -> None:
        """Return when a file, or the list of names of a folder, is durable."""
        os.fsync(file)

    def rename(self, folder: int, old: str, new: str) -> None:
        """Give a file another name, and take that name from the file that had it."""
        os.rename(old, new, src_dir_fd=folder, dst_dir_fd=folder)

    def unlink(self, folder: int, name: str) -> None:
        """Delete a file."""
        os.unlink(name, dir_fd=folder)

    def close(self, file: int) -> None:
        """Close a file or a folder."""
        os.close(file)


class Folder:
    """A folder that this process alone uses until it closes it, or ends."""

    def __init__(self, path: Path, disk: Disk) -> None:
        """Open and lock a folder, and make it if it is missing. Raises Refused."""
        self.path, self._disk = path, disk
        with contextlib.ExitStack() as opened, self._refusals():
            if path.is_symlink():
                raise Refused(f"{path} is a link. Name the folder itself.")
            self._folder = disk.folder(path)
            opened.callback(disk.close, self._folder)
            # Before anything is made: a folder that is not ours stays as it is.
            self._check()
            disk.close_to_others(self._folder)
            lock = disk.open(self._folder, _LOCK, os.O_RDWR | os.O_CREAT)
            opened.callback(disk.close, lock)
            if not disk.lock(lock):
                raise Refused(f"Another service uses {path}. End it, or name another folder.")
            if _VERSION not in disk.names(self._folder):
                version = self.begin(_VERSION)
                append(disk, version, _OURS)
                self.finish(version, _VERSION)
                disk.close(version)
            self._opened = opened.pop_all()

    def read(self, name: str) -> bytes:
        """Give what a file holds: nothing, if it is not there. Raises Refused."""
        with self._refusals():
            return self._read(name) if name in self._disk.names(self._folder) else b""

    def begin(self, name: str) -> int:
        """Give a new file to write, which is to take the place of the file of that name."""
        if name + _NEW in self._disk.names(self._folder):
            self._disk.unlink(self._folder, name + _NEW)
        return self._disk.open(self._folder, name + _NEW, _APPEND)

    def finish(self, file: int, name: str) -> None:
        """Put a file that was begun in its place: after a crash, either the old one or it is there.

        When this returns, it is the new one.
        """
        self._disk.fsync(file)
        self._disk.rename(self._folder, name + _NEW, name)
        self._disk.fsync(self._folder)

    def close(self) -> None:
        """Let others have the folder."""
        self._opened.close()

    def _check(self) -> None:
        """Raise Refused for a folder of another version, or one that is not ours."""
        names = self._disk.names(self._folder)
        if _VERSION not in names:
            if others := sorted(names - _BEGUN):
                raise Refused(
                    f"{self.path} holds other files, such as {others[0]}. Name an empty folder, or"
                    " one that the service has made."
                )
            return
        version = self._read(_VERSION)
        if not version.startswith(_FORMAT):
            raise Refused(f"{self.path} belongs to another program. Name another folder.")
        if version != _OURS:
            theirs = version.removeprefix(_FORMAT).decode(errors="replace").strip()
            raise Refused(
                f"{self.path} was written by another version of hoststat, in format {theirs}; this"
                " version knows format 1. Start that version, or name another folder."
            )

    def _read(self, name: str) -> bytes:
        file = self._disk.open(self._folder, name, os.O_RDONLY)
        try:
            return self._disk.read(file)
        finally:
            self._disk.close(file)

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise Refused(f"{self.path} cannot be used: {exc.strerror}.") from exc


def append(disk: Disk, file: int, data: bytes) -> None:
    """Append all of `data` with one write. Raises OSError, also if only a part was written."""
    if disk.write(file, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
