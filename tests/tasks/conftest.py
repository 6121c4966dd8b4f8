"""The use cases of tasks on fakes, for every test in this folder."""

import pytest

from tests.support.rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()
