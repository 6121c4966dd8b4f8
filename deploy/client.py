"""``make client``: writes the command `hoststat` as one file, with all that it needs."""

import importlib.metadata
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from local import stage

#: Where the file goes.
TARGET = stage.PROJECT / "dist" / "hoststat.pyz"
#: What the command needs besides Python.
_NEEDED = ("click", "urllib3")
#: The time of every file, so that the same files always give the same archive.
_TIME = (1980, 1, 1, 0, 0, 0)
_START = """\
import sys

if sys.version_info < (3, 11):
    sys.exit("hoststat needs Python 3.11 or newer.")
from hoststat.__main__ import main

sys.exit(main())
"""


def build(target: Path) -> None:
    """Write the archive, which every Python from 3.11 on can run, and make it executable.

    It has bytecode for the version of Python that writes it. Other versions compile the sources at
    each start, which takes a quarter of a second.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, content in _files():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        _compile(folder)
        with target.open("wb") as file:
            file.write(b"#!/usr/bin/env python3\n")
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for it in sorted(folder.rglob("*")):
                    if it.is_file():
                        info = zipfile.ZipInfo(str(it.relative_to(folder)), _TIME)
                        archive.writestr(info, it.read_bytes(), zipfile.ZIP_DEFLATED)
    target.chmod(0o755)


def _compile(folder: Path) -> None:
    """Write the bytecode of each source beside it, where an import from an archive looks for it.

    A process of its own, with a fixed seed, always writes the same.
    """
    command = [sys.executable, "-m", "compileall", "-q", "-b", "-s", str(folder)]
    command += ["--invalidation-mode", "unchecked-hash", str(folder)]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONHASHSEED": "0"})


def _files() -> Iterator[tuple[str, bytes]]:
    """Give the files by name: ours, and those of what we need, their licences included."""
    yield "__main__.py", _START.encode()
    for own in (stage.PROJECT / "hoststat").glob("*.py"):
        yield f"hoststat/{own.name}", own.read_bytes()
    for name in _NEEDED:
        for it in importlib.metadata.files(name) or ():
            kept = it.suffix == ".py" or "licenses" in it.parts or it.name == "METADATA"
            if kept and ".." not in it.parts:
                yield str(it), it.read_binary()


def main() -> int:
    """Write the file; give the exit code."""
    build(TARGET)
    size = TARGET.stat().st_size / 1000
    print(
        f"{TARGET.relative_to(stage.PROJECT)}, {size:.0f} KB; it runs by itself: `./hoststat.pyz`"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
