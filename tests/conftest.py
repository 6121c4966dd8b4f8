"""Fixtures for all tests. Each test begins without usable credentials and without built parts."""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import coverage
import moto
import pytest

from chalicelib import log
from chalicelib.bootstrap import parts
from deploy import package
from tests.support import leaks, stacks


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set credentials and a region that do not exist, so that no test can reach AWS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-gov-nowhere-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    parts.reset()
    yield
    parts.reset()


@pytest.fixture(autouse=True, scope="session")
def _no_profile() -> None:
    """Let the services of the tests leave the profile of the checkout alone."""
    os.environ["PROFILE"] = ""


@pytest.fixture(autouse=True, scope="session")
def _no_leaks() -> Iterator[None]:
    """Check after all tests that no answer, log, message or table had a password or hash in it."""

    class Hear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            leaks.hear(log.line(record))

    hear = Hear()
    logger = logging.getLogger("hoststat")
    logger.addHandler(hear)
    logger.setLevel(logging.INFO)
    yield
    logger.removeHandler(hear)
    assert leaks.found() == []


@pytest.fixture
def uncovered() -> Iterator[None]:
    """Run a test without coverage: a long one would take as long again.

    pytest-cov has a mark for this, which fails with ``--no-cov``.
    """
    running = coverage.Coverage.current()
    if running:
        running.stop()
    yield
    if running:
        running.start()


@pytest.fixture
def logged() -> Iterator[list[tuple[str, dict[str, object]]]]:
    """Give the events that are logged, with their fields."""
    events: list[tuple[str, dict[str, object]]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            events.append((record.getMessage(), getattr(record, "fields", {})))

    keep = Keep()
    logger = logging.getLogger("hoststat")
    level = logger.level
    logger.addHandler(keep)
    logger.setLevel(logging.INFO)
    yield events
    logger.removeHandler(keep)
    logger.setLevel(level)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start moto in this process, with the data stack. Only one thread may use it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    session = stacks.session()
    with moto.mock_aws():
        stacks.make(session)
        parts.reset(session=session)
        yield
        _hear_what_is_kept()


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Give a function that packages the stage prod into a folder.

    Only one test at a time can do so, because Chalice writes a zip of its own into the project.
    """
    lock = tmp_path_factory.getbasetemp().parent / "package.lock"

    def packed(folder: Path) -> None:
        with lock.open("w") as lock_file:
            fcntl.flock(lock_file, fcntl.LOCK_EX)
            package.package("prod", folder)

    return packed


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory, pack: Callable[[Path], None]) -> Path:
    """Package the stage prod, and give the folder."""
    folder = tmp_path_factory.mktemp("dist")
    pack(folder)
    return folder


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the keeper's thread sleep: only one thread may use moto in a process."""
    monkeypatch.setenv("CANCEL_SECONDS", "1000")
    monkeypatch.setenv("HEARTBEAT_SECONDS", "1000")
    monkeypatch.setenv("LEASE_SECONDS", "9000")


def _hear_what_is_kept() -> None:
    """Remember all messages and items for `leaks`, but not the hash of a user: it must be there."""
    for message in stacks.messages():
        leaks.hear(message)
    for table, item in stacks.items():
        if table.endswith("-users"):
            item.pop("password_hash", None)
        leaks.hear(item)
