"""What is deployed. The zip: small, complete, always the same, and enough to run the app."""

import hashlib
import os
import re
import shutil
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


@pytest.mark.parametrize("lacking", ["the right hash", "any hash"])
def test_a_package_without_its_hash_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    for name in ("chalicelib", ".chalice"):
        ignored = shutil.ignore_patterns("deploy*", "__pycache__")
        shutil.copytree(stage.PROJECT / name, tmp_path / name, ignore=ignored)
    shutil.copy(stage.PROJECT / "app.py", tmp_path)
    pins = (stage.PROJECT / "requirements.txt").read_text()
    before, six, _ = re.split(r"^(six==\S+).*\n(?: .*\n)+", pins, flags=re.MULTILINE)[:3]
    hashed = f" --hash=sha256:{'0' * 64}" if lacking == "the right hash" else ""
    (tmp_path / "requirements.txt").write_text(f"{before}{six}{hashed}\n")
    monkeypatch.setattr(stage, "PROJECT", tmp_path)
    said = {
        "the right hash": "THESE PACKAGES DO NOT MATCH THE HASHES",
        "any hash": "Hashes are required",
    }
    with pytest.raises(package.Failed, match=said[lacking]):
        package.package("prod", tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


def test_chalice_takes_only_what_was_fetched_by_its_hash(tmp_path: Path) -> None:
    package.fetch(stage.PROJECT / "requirements.txt", tmp_path)
    pins = (stage.PROJECT / "requirements.txt").read_text()
    fetched = {hashlib.sha256(it.read_bytes()).hexdigest() for it in tmp_path.iterdir()}
    assert fetched <= set(re.findall(r"--hash=sha256:([0-9a-f]{64})", pins))
    names = {it.name.partition("-")[0] for it in tmp_path.glob("*.whl")}
    pinned = re.findall(r"^([\w-]+)==", pins, re.MULTILINE)
    assert names == {it.replace("-", "_") for it in pinned}


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


def test_the_command_is_not_deployed(dist: Path) -> None:
    names = zipfile.ZipFile(dist / "deployment.zip").namelist()
    tops = {name.partition("/")[0].partition("-")[0] for name in names}
    assert "chalicelib" in tops
    assert tops & {"hoststat", "click", "local", "deploy", "tests"} == set()


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
    return answer["body"] if path == "/page" else json.loads(answer["body"])
assert app.__file__.startswith(sys.argv[1]), app.__file__
assert " load average: " in ask("/v1/uptime")["uptime"]
assert ask("/v1/iostat")["iostat"].count("Device") == 1
assert ask("/page").startswith("<!DOCTYPE html>")
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


def test_no_arn_names_a_partition(dist: Path) -> None:
    """A policy that names `aws` grants nothing in China or in GovCloud."""
    chalice = stage.PROJECT / ".chalice"
    files = [*sorted(chalice.glob("*.json")), dist / "sam.json"]
    arns = {
        (file.name, arn) for file in files for arn in re.findall(r'"(arn:[^:"]*)', file.read_text())
    }
    assert {arn for _, arn in arns} == {"arn:*", "arn:${AWS"}
    granting = {file for file, arn in arns if arn == "arn:*"}
    assert granting == {"sam.json", *(it.name for it in chalice.glob("policy-*.json"))}


def command(name: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of this room, as make does, without a region unless `environ` has one."""
    nowhere = {"PATH": os.environ["PATH"], "AWS_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [sys.executable, "-m", f"deploy.{name}"],
        cwd=stage.PROJECT,
        env={**nowhere, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["package", "deploy", "destroy"])
def test_without_a_stage_one_line_says_what_to_give(name: str) -> None:
    done = command(name)
    said = "hoststat: Say which stage of .chalice/config.json: add STAGE=prod.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


@pytest.mark.parametrize("name", ["dev", "nope"])
def test_an_unknown_stage_gives_one_clear_line(name: str) -> None:
    done = command("package", STAGE=name)
    said = f"hoststat: STAGE must be one of .chalice/config.json (prod), not {name!r}\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_without_a_region_one_line_says_what_to_give() -> None:
    done = command("deploy", STAGE="prod")
    said = (
        "hoststat: Say which region: add AWS_DEFAULT_REGION=eu-central-1, or whichever is yours.\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


@pytest.mark.parametrize("name", ["x-host", "x-host-y"])
def test_a_stage_with_queues_named_like_those_of_hosts_is_refused(name: str) -> None:
    with pytest.raises(package.Failed, match="must not have -host- in it"):
        package.check(name)
    package.check("prod")
