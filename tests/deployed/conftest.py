"""Fixtures for a deployed stage: requests as in the black-box tests, and access to its tables."""

import os

import pytest

from tests.blackbox.conftest import ask, base_url, finished

__all__ = ["ask", "base_url", "finished"]

#: Where the stage's cloud is, and who asks it. It is read here, before `_nowhere` changes it for
#: each test.
_NAMES = ("ENDPOINT_URL", "DEFAULT_REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
CLOUD = {name: os.environ[name] for name in ("STAGE", *(f"AWS_{it}" for it in _NAMES))}


@pytest.fixture(autouse=True)
def _cloud(_nowhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CLOUD.items():
        monkeypatch.setenv(name, value)
