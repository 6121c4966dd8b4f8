"""Everything is made once, whoever asks first, and none of it on import."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib import bootstrap


def test_threads_that_ask_together_get_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two `Keeper` in one process would each know half of its windows."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    together = threading.Barrier(8)

    def ask(_: int) -> object:
        together.wait(30)
        return bootstrap.worker()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_v1_is_answered_without_what_only_others_need() -> None:
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
