"""Every process of these tests hears SIGHUP, also if the tests were started by nohup."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _hear_hangups() -> Iterator[None]:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
