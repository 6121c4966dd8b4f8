"""The journal's folder: for one process, for its owner, and never one of others."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from local import stage
from local.cloud.journal import Journal, Refused
from tests.support.kept_tables import Tables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "above" / "data"


def use(folder: Path) -> None:
    """Start on a folder, and stop again."""
    journal = Journal(folder)
    try:
        Tables(journal)
    finally:
        journal.close()


def test_the_folder_and_its_files_are_for_their_owner_alone(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)
    use(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(it.name for it in folder.iterdir()) == ["journal", "lock", "version"]
    assert {stat.S_IMODE(it.stat().st_mode) for it in folder.iterdir()} == {0o600}


def test_a_folder_in_use_is_refused_until_its_process_is_gone(folder: Path) -> None:
    script = (
        "import sys, pathlib; from local.cloud.journal import Journal;"
        "kept = Journal(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        cwd=stage.PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Refused, match=r"Another service uses .*data\. End it"):
            Journal(folder)
        other.kill()
    use(folder)


def files(folder: Path, **contents: bytes) -> None:
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        ({"thesis": b""}, r"holds other files, such as thesis\. Name an empty folder"),
        ({"journal": b""}, "holds other files, such as journal"),
        ({"version": b"hoststat local cloud, format 2\n"}, r"in format 2; this .* knows format 1"),
        ({"version": b"3.11\n"}, "belongs to another program"),
    ],
)
def test_a_folder_of_others_is_refused_and_left_alone(
    folder: Path, contents: dict[str, bytes], sentence: str
) -> None:
    files(folder, **contents)
    mode = folder.stat().st_mode
    with pytest.raises(Refused, match=sentence):
        Journal(folder)
    assert {it.name: it.read_bytes() for it in folder.iterdir()} == contents
    assert folder.stat().st_mode == mode


def test_links_pipes_and_what_is_no_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    use(folder)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(Refused, match="is a link"):
        Journal(tmp_path / "link")
    with pytest.raises(Refused, match="cannot be used: Not a directory"):
        Journal(folder / "lock" / "below")
    (folder / "journal").rename(tmp_path / "elsewhere")
    (folder / "journal").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="cannot be used"):
        use(folder)
    (folder / "journal").unlink()
    os.mkfifo(folder / "journal")
    with pytest.raises(Refused, match="journal is no regular file"):
        use(folder)
