"""Installing: once, however many makes ask for it, and again when something has changed."""

import contextlib
import hashlib
import os
import re
import shlex
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import install, stage
from tests.support import processes

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
    line = f"Installing nothing into {folder} (once, one to three minutes) ...\n"
    assert sorted(said) == ["", line]
    assert (folder / ".ready").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_signal_to_who_installs_ends_pip_too(tmp_path: Path, number: int, status: int) -> None:
    """SIGKILL goes to a shell in make's place, which tells nobody."""
    # pip reads it until its writer is done.
    requirements = tmp_path / "requirements.txt"
    os.mkfifo(requirements)
    command = [sys.executable, "-I", SCRIPT, str(tmp_path / "new"), "it", str(requirements)]
    if number == signal.SIGKILL:
        command = ["sh", "-c", f"{shlex.join(command)}; true"]
    with processes.process(*command) as started, opened_by_pip(requirements):
        os.kill(started.pid, number)
        assert started.wait(processes.DEADLINE) == status
        assert processes.until(lambda: not processes.members(started.pid))
    assert not (tmp_path / "new" / ".ready").exists()


@contextlib.contextmanager
def opened_by_pip(pipe: Path) -> Iterator[None]:
    """Be the writer of a named pipe, once somebody reads it."""
    writing: list[int] = []

    def is_read() -> bool:
        with contextlib.suppress(OSError):
            writing.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        return bool(writing)

    assert processes.until(is_read)
    try:
        yield
    finally:
        os.close(writing[0])


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


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package that pip can install from its own folder."""
    path = tmp_path / "thing-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("thing.py", "")
        made.writestr(
            "thing-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1\n"
        )
        made.writestr("thing-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        made.writestr("thing-1.dist-info/RECORD", "")
    return path


@pytest.mark.parametrize(
    ("digest", "status", "said"),
    [
        (None, 1, "Hashes are required"),
        ("0" * 64, 1, "THESE PACKAGES DO NOT MATCH THE HASHES"),
        ("", 0, ""),
    ],
)
def test_a_package_is_installed_by_its_hash_only(
    tmp_path: Path, wheel: Path, requirements: Path, digest: str | None, status: int, said: str
) -> None:
    own = hashlib.sha256(wheel.read_bytes()).hexdigest()
    hashed = "" if digest is None else f" --hash=sha256:{digest or own}"
    requirements.write_text(f"--no-index\n--find-links {tmp_path}\nthing==1{hashed}\n")
    folder = tmp_path / "environment"
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, str(folder), "a thing", str(requirements)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert (folder / ".ready").exists() is (status == 0)
    assert bool(list(folder.glob("lib/*/site-packages/thing.py"))) is (status == 0)


def test_of_what_is_slim_only_what_is_used_stays(tmp_path: Path, requirements: Path) -> None:
    used = ["botocore/data/endpoints.json", "botocore/data/sqs/1/service-2.json", "cffi_free.py"]
    unused = ["botocore/data/ec2/1/service-2.json", "cffi/api.py", "dateutil/zoneinfo/all.tar"]
    wheel = tmp_path / "thing-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        for name in (*used, *unused, "thing-1.dist-info/RECORD"):
            made.writestr(name, "")
        said = "Metadata-Version: 2.1\nName: thing\nVersion: 1\n"
        made.writestr("thing-1.dist-info/METADATA", said)
        made.writestr("thing-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    own = hashlib.sha256(wheel.read_bytes()).hexdigest()
    find = f"--no-index\n--find-links {tmp_path}\n"
    requirements.write_text(f"{find}thing==1 --hash=sha256:{own}\n")
    folder = tmp_path / "environment"
    install.install(folder, "a thing", [requirements], small=True)
    (packages,) = folder.glob("lib/*/site-packages")
    found = {it.relative_to(packages).as_posix() for it in packages.rglob("*") if it.is_file()}
    assert {it for it in found if not it.startswith("thing-1.dist-info/")} == set(used)
    subprocess.run([folder / "bin" / "python", "-c", "import cffi_free"], check=True)


class TestPins:
    """What the project's own files say."""

    FILES = sorted(
        it.with_suffix(".txt").relative_to(stage.PROJECT)
        for folder in (".", "bench", "deploy")
        for it in (stage.PROJECT / folder).glob("requirements*.in")
    )

    @staticmethod
    def pins(path: Path) -> dict[str, str]:
        """Give what is pinned, each with the text up to the next one."""
        text = (stage.PROJECT / path).read_text()
        found = re.split(r"^([\w.-]+(?:\[[^]]+\])?==\S+)", text, flags=re.MULTILINE)
        return dict(zip(found[1::2], found[2::2], strict=True))

    @pytest.mark.parametrize("path", FILES, ids=str)
    def test_each_has_a_hash_and_no_file_names_a_registry(self, path: Path) -> None:
        pins = self.pins(path)
        assert pins
        assert [it for it, rest in pins.items() if "--hash=sha256:" not in rest] == []
        assert "://" not in (stage.PROJECT / path).read_text()

    @pytest.mark.parametrize("path", FILES, ids=str)
    def test_what_is_asked_for_is_pinned(self, path: Path) -> None:
        asked = (stage.PROJECT / path.with_suffix(".in")).read_text().lower().splitlines()
        wanted = {re.sub(r"\[.*\]", "", it) for it in asked if "==" in it}
        assert wanted <= {re.sub(r"\[.*\]", "", it) for it in self.pins(path)}

    def test_a_laptop_has_the_versions_that_are_deployed(self) -> None:
        deployed, laptop = (
            self.pins(Path(it)).keys() for it in ("requirements.txt", "requirements-dev.txt")
        )
        assert deployed <= laptop

    def test_all_files_are_known_to_the_makefile(self) -> None:
        makefile = (stage.PROJECT / "Makefile").read_text()
        (listed,) = re.findall(r"^PINNED := ((?:.*\\\n)*.*)", makefile, re.MULTILINE)
        assert sorted(Path(f"{it}.txt") for it in listed.replace("\\", "").split()) == self.FILES


def test_an_environment_of_others_is_not_emptied(tmp_path: Path, requirements: Path) -> None:
    theirs, link = tmp_path / "theirs", tmp_path / "environment"
    theirs.mkdir()
    (theirs / "kept").touch()
    link.symlink_to(theirs)
    with pytest.raises(OSError, match=r"environment is a link\. Remove it"):
        install.install(link, "nothing", [requirements])
    assert (theirs / "kept").exists()


@pytest.mark.parametrize("folder", ["plain", "with a space"])
def test_the_command_of_a_checkout_runs_from_there(tmp_path: Path, folder: str) -> None:
    python = tmp_path / folder / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    command = tmp_path / folder / "hoststat"
    script = (
        f"import sys; sys.executable = {str(python)!r}; sys.path.insert(0, {str(stage.PROJECT)!r})"
    )
    script += "; from pathlib import Path; from local import install"
    script += f"; install.write_command(Path({str(command)!r}))"
    subprocess.run([sys.executable, "-I", "-c", script], check=True)
    said = subprocess.run(
        [str(command), "--version"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "hoststat 0.2.0\n", "")
