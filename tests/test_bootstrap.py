"""The parts of a process: each is built once, when it is first used."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.bootstrap import parts


def test_threads_that_ask_at_the_same_time_get_the_same_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If there were two keepers, each would know only some windows of the process."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    together = threading.Barrier(8)

    def ask(_: int) -> object:
        together.wait(30)
        return parts.worker

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_a_machine_of_lambda_is_called_a_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parts.machine.name == os.uname().nodename
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "hoststat-prod-run_iostat")
    parts.reset()
    assert parts.machine.name == "a sandbox of AWS Lambda"


def test_v1_does_not_import_what_only_v2_and_v3_need() -> None:
    script = """
import sys
before = set(sys.modules)
import app
class Context: aws_request_id = "1"
for path in ("/v1/uptime", "/v1/iostat"):
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": path, "path": path},
        "headers": {}, "multiValueQueryStringParameters": None, "pathParameters": {},
        "stageVariables": {}, "body": None,
    }
    assert app.app(event, Context())["statusCode"] == 200
print(sorted({"argon2", "boto3", "botocore", "dataclasses", "msgspec"} & set(sys.modules) - before))
"""
    command = [sys.executable, "-c", script]
    assert subprocess.check_output(command, timeout=60) == b"[]\n"
