"""A worker needs little: what is deployed is more than enough for it."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

from local import install, stage

#: What a laptop, the API or users' passwords need, and a worker does not.
_HEAVY = ("argon2", "boto3", "chalice", "httptools", "moto", "msgspec", "uvicorn")


def test_a_worker_needs_nothing_of_what_only_the_api_and_laptops_need() -> None:
    script = f"""
import sys
from pathlib import Path
for name in {_HEAVY}:
    sys.modules[name] = None
import local.worker
from chalicelib.bootstrap import parts
parts.worker, parts.keeper, parts.receivers, parts.sweeper, parts.machine
"""
    environ = {"PATH": "", "AWS_DEFAULT_REGION": "us-east-1"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=stage.PROJECT, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_worker_installs_is_as_small_as_the_docs_say() -> None:
    """Counted here where all of it is installed, and more: a test may not need a registry."""
    pins = (stage.PROJECT / "requirements.txt").read_text()
    found = [
        file
        for name in re.findall(r"^([A-Za-z0-9_.-]+)==", pins, re.MULTILINE)
        for file in importlib.metadata.files(name) or ()
        if install.is_used(str(file))
    ]
    size = sum(Path(file.locate()).stat().st_size for file in found) / 1_000_000
    said = re.findall(r"installs (\d+) MB", (stage.PROJECT / "README.md").read_text())
    assert said == ["6"]
    assert 4 < size < 6.5
