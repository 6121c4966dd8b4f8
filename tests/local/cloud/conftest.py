"""What tests of the local cloud share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud.server import Cloud
from tests.support.clouds import Serving, serving
from tests.support.fakes import FakeClock


@pytest.fixture
def own(cloud: None) -> Iterator[Serving]:
    """A server of the data stack."""
    with serving(Cloud()) as begun:
        yield begun


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "above" / "data"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
