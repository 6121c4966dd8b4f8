"""Processes that hear their signals, also if the tests run in the background, and a session."""

import contextlib
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from local.session import Session

#: What a test's processes inherit. nohup and a shell's `&` make a program ignore some of these.
HEARD: dict[signal.Signals, Any] = {
    signal.SIGHUP: signal.SIG_DFL,
    signal.SIGQUIT: signal.SIG_DFL,
    # A handler is not inherited, and pytest itself still ends at Ctrl-C.
    signal.SIGINT: signal.default_int_handler,
}


@pytest.fixture(autouse=True)
def _hear_signals() -> Iterator[None]:
    before = {number: signal.signal(number, how) for number, how in HEARD.items()}
    yield
    for number, how in before.items():
        signal.signal(number, how)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with contextlib.closing(Session()) as made:
        yield made
