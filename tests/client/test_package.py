"""How people get the command: by pip, or as one file."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy import client
from hoststat import __version__
from local import stage
from tests.client.conftest import Command


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist") / "hoststat.pyz"
    client.build(target)
    return target


def test_pip_installs_the_command_and_asks_for_two_packages(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    # The project as it is: pip must choose by itself what belongs to the command.
    for name in ("hoststat", "chalicelib", "local", "deploy"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(stage.PROJECT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "LICENSE", "app.py"):
        shutil.copy(stage.PROJECT / name, source)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(target)]
    subprocess.run([*pip, str(source)], check=True, cwd=tmp_path)
    installed = {it.name for it in target.iterdir()}
    assert installed == {"bin", "hoststat", f"hoststat-{__version__}.dist-info"}
    metadata = (target / f"hoststat-{__version__}.dist-info" / "METADATA").read_text()
    needed = re.findall(r"^Requires-Dist: ([a-z0-9]+)", metadata, re.MULTILINE)
    assert needed == ["click", "urllib3"]
    assert (target / "bin" / "hoststat").exists()


def test_one_file_runs_where_nothing_is_installed(
    archive: Path, tmp_path: Path, hoststat: Command
) -> None:
    bare = [sys.executable, "-I", "-S", str(archive)]
    for words, out in ((["--version"], f"hoststat {__version__}\n"), (["uptime"], None)):
        done = subprocess.run(
            [*bare, *words],
            cwd=tmp_path,
            env=hoststat.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == (out or "10:00:00 up here\n")


def test_one_file_has_bytecode_that_other_versions_of_python_leave_alone(
    archive: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.pyz"
    with zipfile.ZipFile(archive) as ours, zipfile.ZipFile(other, "w") as theirs:
        names = ours.namelist()
        assert {f"{it}c" for it in names if it.endswith(".py")} <= set(names)
        for name in names:
            # Bytecode begins with the version that it is for.
            content = ours.read(name)
            theirs.writestr(name, b"else" + content[4:] if name.endswith(".pyc") else content)
    said = subprocess.check_output([sys.executable, "-I", "-S", str(other), "--version"], text=True)
    assert said == f"hoststat {__version__}\n"


def test_one_file_is_executable_and_always_the_same(archive: Path, tmp_path: Path) -> None:
    client.build(tmp_path / "hoststat.pyz")
    assert archive.read_bytes() == (tmp_path / "hoststat.pyz").read_bytes()
    assert archive.stat().st_mode & 0o111
    assert archive.stat().st_size < 1_000_000


def test_one_file_has_the_licences_of_what_is_in_it(archive: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(archive)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in ("click", "urllib3"):
        assert re.search(rf"^{name}-[^/]+\.dist-info/licenses/LICENSE", listed, re.MULTILINE)
