"""The deployed stage is asked as the black-box suite asks it, and its tables are looked into."""

import os

import pytest

from tests.blackbox.conftest import ask, base_url, finished

__all__ = ["ask", "base_url", "finished"]

#: Where the stage's cloud is, before every test is sent to nowhere.
CLOUD = {name: os.environ[name] for name in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "STAGE")}


@pytest.fixture(autouse=True)
def _cloud(_nowhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CLOUD.items():
        monkeypatch.setenv(name, value)
