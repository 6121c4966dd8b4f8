"""What every test begins with: no credentials, a region that is nowhere, nothing made yet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import moto
import pytest

from chalicelib import bootstrap

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A call that leaks out of a test reaches nobody."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-gov-nowhere-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    bootstrap.clear()
    yield
    bootstrap.clear()


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cloud in this process, with the data stack as it is deployed; for one thread."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    template = (PROJECT / ".chalice" / "resources.json").read_text()
    with moto.mock_aws():
        boto3.client("cloudformation").create_stack(
            StackName="hoststat-dev-data",
            TemplateBody=template,
            Parameters=[{"ParameterKey": "Stage", "ParameterValue": "dev"}],
        )
        yield
