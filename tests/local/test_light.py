"""A worker needs little: what is deployed is more than enough for it."""

import subprocess
import sys

from local import stage

#: What a laptop, the API or users' passwords need, and a worker does not.
_HEAVY = ("argon2", "boto3", "chalice", "httptools", "moto", "msgspec", "uvicorn")


def test_a_worker_needs_nothing_of_what_only_the_api_and_laptops_need() -> None:
    script = f"""
import sys
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
