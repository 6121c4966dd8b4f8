"""Everything is made once, whoever asks first, and none of it on import."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib import bootstrap


def test_threads_that_ask_together_get_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two `Leases` in one process would each know half of its windows."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    together = threading.Barrier(8)

    def ask(_: int) -> object:
        together.wait(30)
        return bootstrap.worker()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_uptime_is_answered_without_boto() -> None:
    script = """
import sys
from tests import api
assert api.ask("GET", "/v1/uptime").status == 200
assert api.ask("GET", "/v1/iostat").status == 200
assert not {"boto3", "botocore"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
