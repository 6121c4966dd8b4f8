"""What every test begins with: no credentials, a region that is nowhere, nothing made yet."""

import fcntl
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import moto
import pytest

from chalicelib import bootstrap, log
from deploy import package
from local import stage
from tests.support import leaks


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


@pytest.fixture(autouse=True, scope="session")
def _no_leaks() -> Iterator[None]:
    """After all the tests: no password and no hash was in any answer, log, message or table."""

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
def logged() -> Iterator[list[tuple[str, dict[str, object]]]]:
    """The events that are logged, with their fields."""
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
    """A cloud in this process, with the data stack as it is deployed; for one thread."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    template = (stage.PROJECT / ".chalice" / "resources.json").read_text()
    with moto.mock_aws():
        boto3.client("cloudformation").create_stack(
            StackName="hoststat-dev-data",
            TemplateBody=template,
            Parameters=[{"ParameterKey": "Stage", "ParameterValue": "dev"}],
        )
        yield
        _hear_what_is_kept()


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Package the stage prod into a folder; one test at a time, for Chalice keeps its own zip in
    the project.
    """
    lock = tmp_path_factory.getbasetemp().parent / "package.lock"

    def packed(folder: Path) -> None:
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            package.package("prod", folder)

    return packed


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory, pack: Callable[[Path], None]) -> Path:
    """The stage prod, packaged."""
    folder = tmp_path_factory.mktemp("dist")
    pack(folder)
    return folder


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto in a process is for one thread: the keeper of leases must not wake up."""
    monkeypatch.setenv("CANCEL_SECONDS", "1000")
    monkeypatch.setenv("HEARTBEAT_SECONDS", "1000")
    monkeypatch.setenv("LEASE_SECONDS", "9000")


def _hear_what_is_kept() -> None:
    """Messages and items; of a user everything but the hash, which may be there alone."""
    queues, tables = boto3.client("sqs"), boto3.client("dynamodb")
    url = queues.get_queue_url(QueueName="hoststat-dev-tasks")["QueueUrl"]
    while messages := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        leaks.hear(messages)
    for table in ("tasks", "reports", "users", "tallies", "keys"):
        for item in tables.scan(TableName=f"hoststat-dev-{table}")["Items"]:
            if table == "users":
                item.pop("password_hash", None)
            leaks.hear(item)
