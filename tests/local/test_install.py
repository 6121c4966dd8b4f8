"""Installing: once, however many makes ask for it, and again when something has changed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import install, stage

SCRIPT = str(stage.PROJECT / "local" / "install.py")


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """A file that asks for nothing: pip is done with it at once."""
    path = tmp_path / "requirements.txt"
    path.write_text("# nothing\n")
    return path


def start(folder: Path, requirements: Path) -> "subprocess.Popen[str]":
    """Start an installation as a make does it."""
    command = [sys.executable, "-I", SCRIPT, str(folder), "nothing", str(requirements)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_of_two_at_once_one_installs_and_the_other_waits_for_it(
    tmp_path: Path, requirements: Path
) -> None:
    folder = tmp_path / "environment"
    both = [start(folder, requirements) for _ in range(2)]
    said = [it.communicate()[0] for it in both]
    assert [it.returncode for it in both] == [0, 0]
    line = f"Installing nothing into {folder} (once, about a minute) ...\n"
    assert sorted(said) == ["", line]
    assert (folder / ".ready").exists()


def test_what_has_changed_is_installed_again(tmp_path: Path, requirements: Path) -> None:
    ready = tmp_path / ".ready"
    assert not install.is_fresh(ready, [requirements])
    ready.touch()
    os.utime(requirements, (1000, 1000))
    assert install.is_fresh(ready, [requirements])
    os.utime(ready, (999, 999))
    assert not install.is_fresh(ready, [requirements])


def test_what_cannot_be_installed_is_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "none.txt"
    failed = subprocess.run(
        [sys.executable, "-I", SCRIPT, str(tmp_path / "environment"), "nothing", str(missing)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("hoststat: nothing cannot be installed: ")
    assert not (tmp_path / "environment" / ".ready").exists()
