"""``make agent``: writes the worker as one file, ``dist/hoststat-agent.pyz``.

It needs Python and nothing else: hoststat, botocore and what that needs are in it, and nothing that
was compiled for one machine. The same sources always give the same bytes.
"""

import io
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from chalicelib.version import VERSION
from local import stage
from local.install import is_used

#: botocore and what it needs. Their licences go along.
_PACKAGES = ("botocore", "jmespath", "python-dateutil", "six", "urllib3")
#: What is of the API, of users or of a laptop.
_NOT_OURS = re.compile(r"chalicelib/(api|page|users)/|local/(cloud|gateway)/")
#: Commands, and what is written down about an installation: it is another one on each machine.
_INSTALLED = re.compile(r"\.\./|.*\.dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json)$")
#: The time of every file, so that the same files always give the same archive.
_TIME = (1980, 1, 1, 0, 0, 0)
#: What starts first. Older Pythons must be able to read it.
_MAIN = """\
import sys

if sys.version_info < (3, 11):
    found = "%d.%d" % sys.version_info[:2]
    sys.exit("The hoststat agent needs Python 3.11 or newer, and this is Python " + found + ".")

from local.agent import main

sys.exit(main())
"""


def write(path: Path) -> None:
    """Write the agent to `path`, and let everybody run it. Raises OSError."""
    archive = io.BytesIO()
    # zipapp, of Python's own library, gives each file the time that it has on the disk.
    archive.write(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, content in sorted(_contents()):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, content, zipfile.ZIP_DEFLATED)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(archive.getvalue())
    path.chmod(0o755)


def _contents() -> Iterator[tuple[str, bytes]]:
    """Give the name and the content of each file."""
    yield "__main__.py", _MAIN.encode()
    config = Path(".chalice") / "config.json"
    yield str(config), (stage.PROJECT / config).read_bytes()
    for room in ("chalicelib", "local"):
        for it in (stage.PROJECT / room).rglob("*.py"):
            name = it.relative_to(stage.PROJECT).as_posix()
            if not _NOT_OURS.match(name):
                yield name, it.read_bytes()
    for package in _PACKAGES:
        for file in metadata.files(package) or []:
            name, found = file.as_posix(), Path(str(file.locate()))
            if is_used(name) and not _INSTALLED.match(name) and found.is_file():
                yield name, found.read_bytes()


def main() -> int:
    """Write the agent to ``dist``; give the exit code."""
    path = stage.PROJECT / "dist" / "hoststat-agent.pyz"
    try:
        write(path)
    except OSError as failed:
        print(f"hoststat: {failed}", file=sys.stderr)
        return 1
    size = path.stat().st_size / 1e6
    print(f"{path.relative_to(stage.PROJECT)}, version {VERSION}, {size:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
