"""The zip that is deployed: small, complete, always the same, and enough to run the app."""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import package
from local import stage


def test_a_missing_package_is_an_error(dist: Path, tmp_path: Path) -> None:
    lacking = tmp_path / "lacking.zip"
    with (
        zipfile.ZipFile(dist / "deployment.zip") as whole,
        zipfile.ZipFile(lacking, "w") as cut,
    ):
        for name in whole.namelist():
            if not name.startswith("msgspec"):
                cut.writestr(name, whole.read(name))
    package.complete(dist / "deployment.zip")
    with pytest.raises(package.Failed, match=r"no package for Lambda of msgspec 0\.22\.0"):
        package.complete(lacking)


def test_a_zip_is_small_and_always_the_same(
    dist: Path, tmp_path: Path, pack: Callable[[Path], None]
) -> None:
    zipped = dist / "deployment.zip"
    assert zipped.stat().st_size < 5_000_000
    compiled = [name for name in zipfile.ZipFile(zipped).namelist() if "__pycache__" in name]
    assert compiled == []
    pack(tmp_path)
    digests = [
        hashlib.sha256(it.read_bytes()).hexdigest() for it in (zipped, tmp_path / "deployment.zip")
    ]
    assert digests[0] == digests[1]


def test_it_measures_by_proc_without_any_command(dist: Path, tmp_path: Path) -> None:
    """In Lambda there is no iostat, no uptime, an empty PATH, and only what is in the zip."""
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-e", str(dist / "deployment.zip"), str(tmp_path)],
        check=True,
    )
    script = """
import json, sys
sys.path.insert(0, ".")
import app
class Context: aws_request_id = "1"
def ask(path):
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": path, "path": path},
        "headers": {}, "multiValueQueryStringParameters": None, "pathParameters": {},
        "stageVariables": {}, "body": None,
    }
    answer = app.app(event, Context())
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])
assert app.__file__.startswith(sys.argv[1]), app.__file__
assert " load average: " in ask("/v1/uptime")["uptime"]
assert ask("/v1/iostat")["iostat"].count("Device") == 1
from chalicelib.bootstrap import parts
assert parts.machine.source == "procfs"
parts.worker, parts.sweeper, parts.users, parts.logins
"""
    environ = {"PATH": "", "STAGE": "prod", "AWS_DEFAULT_REGION": "us-east-1"}
    command = [sys.executable, "-I", "-S", "-c", script, str(tmp_path)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("name", ["", "dev", "nope"])
def test_an_unknown_stage_gives_one_clear_line(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.package"],
        cwd=stage.PROJECT,
        env={**os.environ, "STAGE": name},
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"hoststat: STAGE must be one of .chalice/config.json (prod), not {name!r}\n"
    assert (done.returncode, done.stderr) == (1, said)
