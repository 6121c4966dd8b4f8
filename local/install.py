"""Installs what `make` needs into a virtual environment, once, however many makes ask for it.

Usage: python3 -I local/install.py [--slim] FOLDER WHAT REQUIREMENTS...
       python3 -I local/install.py --command FILE
It runs before anything is installed, so it may use Python's own library only, and what of hoststat
needs no more than that.
"""

import compileall
import fcntl
import os
import re
import signal
import subprocess
import sys
import venv
from pathlib import Path

#: The part of botocore's 17 MB of data that is used: two services, the one that hands out the
#: credentials of roles, and what is about no service.
_DATA = re.compile(r"botocore/data/(dynamodb/|sqs/|sts/|[^/]+$)")
#: Files that are not used. cffi and its parser build bindings, but ours are built already.
_UNUSED = re.compile(
    r"(botocore/data/.*/examples-.*|cffi|dateutil/zoneinfo|pycparser)(/|$)|(.*/)?__pycache__/"
)


def is_used(name: str) -> bool:
    """Tell whether a file of the packages is used where hoststat is deployed.

    `name` is relative to the folder of the packages. Compiled files count as unused: they are
    made when they are missing.
    """
    if name.startswith("botocore/data/") and not _DATA.match(name):
        return False
    return _UNUSED.match(name) is None


def slim(folder: Path) -> None:
    """Remove from the environment in `folder` what nobody uses there, pip as well."""
    pip = [str(folder / "bin" / "pip"), "uninstall", "--quiet", "--quiet", "--yes"]
    subprocess.run([*pip, "setuptools", "pip"], check=True)
    for packages in folder.glob("lib/python*/site-packages"):
        for it in sorted(packages.rglob("*"), reverse=True):
            if it.is_dir():
                if not any(it.iterdir()):
                    it.rmdir()
            elif not is_used(it.relative_to(packages).as_posix()):
                it.unlink()


def is_fresh(ready: Path, requirements: list[Path]) -> bool:
    """Tell whether an installation was finished after its requirements were last changed."""
    if not ready.exists():
        return False
    return all(it.stat().st_mtime <= ready.stat().st_mtime for it in requirements)


def install(folder: Path, what: str, requirements: list[Path], *, small: bool = False) -> None:
    """Install `requirements` into a new environment in `folder`, unless that is done already.

    `small` leaves out what nobody uses there, see `slim`. A second make waits for the first one.
    Raises CalledProcessError if pip fails, also where a package has another hash than the
    requirements say, or where they say none; OSError if the folder is a link.
    """
    if folder.is_symlink():
        # It would be emptied, and belongs to somebody else.
        raise OSError(f"{folder} is a link. Remove it; then an environment is made there.")
    ready = folder / ".ready"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_fresh(ready, requirements):
            return
        long = "up to a minute" if small else "one to three minutes"
        print(f"Installing {what} into {folder} (once, {long}) ...", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        # A file that is not the one that was tested is refused, whoever hands it out.
        pip += ["--require-hashes", *(["--no-compile"] if small else [])]
        for it in requirements:
            subprocess.run([*pip, "-r", str(it)], check=True)
        if small:
            slim(folder)
        ready.touch()


#: The longest first line of a script that every system reads.
_LONGEST = 120
_SCRIPT = """\
import sys

sys.path.insert(0, {project!r})
from hoststat.__main__ import main

sys.exit(main())
"""


def write_command(file: Path) -> None:
    """Write the command `hoststat` of this checkout, which the Python that runs this will run.

    Its code is compiled now: it starts slowly where Python may not write what it has compiled.
    Raises OSError.
    """
    project = Path(__file__).resolve().parent.parent
    compileall.compile_dir(project / "hoststat", quiet=2)
    first = f"#!{sys.executable}\n"
    if " " in first or len(first) > _LONGEST:
        # sh starts Python by the second line; to Python it is a text.
        first = f'#!/bin/sh\n"exec" "{sys.executable}" "$0" "$@"\n'
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.write_text(first + _SCRIPT.format(project=str(project)))
    new.chmod(0o755)
    new.replace(file)


def end_when_told() -> None:
    """End, and pip with it, by a signal and when the make that started this is gone or ends."""
    # Isolated from what else this Python would find, as this is, it does not find its own project.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    from local import supervision  # noqa: PLC0415

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) is not signal.SIG_IGN:
            # `subprocess.run` kills what it runs before it lets this through.
            signal.signal(number, lambda number, _: sys.exit(128 + number))
    supervision.end_with_make()


def main() -> int:
    """Install as the command line says; give the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 # this runs before we know it
        print("hoststat needs Python 3.11 or newer.", file=sys.stderr)
        return 1
    end_when_told()
    given = [it for it in sys.argv[1:] if it != "--slim"]
    folder, what, *requirements = given
    small = len(given) < len(sys.argv[1:])
    try:
        if folder == "--command":
            write_command(Path(what))
        else:
            install(Path(folder), what, [Path(it) for it in requirements], small=small)
    except (OSError, subprocess.CalledProcessError) as failed:
        print(f"hoststat: {what} cannot be installed: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
