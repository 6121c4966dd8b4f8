"""The log of a process whose standard error nobody reads, or reads late."""

import contextlib
import json
import logging
import os
import weakref
from collections.abc import Iterator

import pytest

from local import log_writer
from local.log_writer import Writer
from tests.support.processes import until

#: More than a pipe holds.
_LINE = b"x" * 99_999 + b"\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe: the end to read from, the end to write to."""
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        with contextlib.suppress(OSError):
            os.close(end)


def test_lines_arrive_in_their_order(pipe: tuple[int, int]) -> None:
    writer = Writer(pipe[1])
    for line in (b"one\n", b"two\n"):
        writer.write(line)
    assert writer.drain(60)
    assert os.read(pipe[0], 100) == b"one\ntwo\n"


def test_a_full_pipe_stops_nobody_and_what_is_lost_is_counted(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    writer = Writer(writing, most_waiting=3)
    writer.write(_LINE)
    # The thread has taken it, and waits for somebody who reads.
    assert until(lambda: writer.waiting == 0)
    for _ in range(10):
        writer.write(b"a line\n")
    assert not writer.drain(0)
    with os.fdopen(reading, "rb", closefd=False) as reader:
        assert reader.readline() == _LINE
        said = json.loads(reader.readline())
        assert (said["level"], said["event"], said["lines"]) == ("WARNING", "log lines lost", 7)
        assert [reader.readline() for _ in range(3)] == [b"a line\n"] * 3
    assert writer.drain(60)


def test_a_reader_that_is_gone_stops_nobody(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    writer = Writer(pipe[1])
    writer.write(b"a line\n")
    assert writer.drain(60)


@pytest.fixture
def logger() -> logging.Logger:
    return logging.Logger("test")


def test_events_become_lines_between_other_text(
    pipe: tuple[int, int], logger: logging.Logger
) -> None:
    writer = Writer(pipe[1])
    logger.addHandler(log_writer.Handler(writer))
    writer.write(b"one\n")
    logger.warning("answered", extra={"fields": {"status": 200}})
    writer.write(b"two\n")
    assert writer.drain(60)
    first, event, last = os.read(pipe[0], 1000).splitlines()
    assert (first, last) == (b"one", b"two")
    said = json.loads(event)
    assert said == {
        "time": said["time"],
        "level": "WARNING",
        "event": "answered",
        "status": 200,
    }


def test_an_event_has_the_stack_of_its_exception(
    pipe: tuple[int, int], logger: logging.Logger
) -> None:
    writer = Writer(pipe[1])
    logger.addHandler(log_writer.Handler(writer))
    try:
        raise ValueError("wrong")
    except ValueError:
        logger.exception("not swept")
    assert writer.drain(60)
    stack = json.loads(os.read(pipe[0], 10_000))["stack"]
    assert stack.startswith("Traceback")
    assert stack.endswith("ValueError: wrong")


def test_an_event_that_finds_no_room_is_counted(
    pipe: tuple[int, int], logger: logging.Logger
) -> None:
    writer = Writer(pipe[1], most_waiting=0)
    logger.addHandler(log_writer.Handler(writer))
    logger.warning("answered")
    assert writer.drain(60)
    said = json.loads(os.read(pipe[0], 1000))
    assert (said["event"], said["lines"]) == ("log lines lost", 1)


def test_an_event_that_cannot_be_a_line_is_told_of_and_ends_no_log(
    pipe: tuple[int, int], logger: logging.Logger
) -> None:
    writer = Writer(pipe[1])
    logger.addHandler(log_writer.Handler(writer))
    logger.warning("answered", extra={"fields": {"query": {(1, 2): "no name"}}})
    logger.warning("swept")
    assert writer.drain(60)
    first, second = map(json.loads, os.read(pipe[0], 1000).splitlines())
    assert first == {
        "time": first["time"],
        "level": "ERROR",
        "event": "log line not made",
        "of": "answered",
        "why": "TypeError",
    }
    assert second["event"] == "swept"


def test_an_exception_that_waits_to_be_written_keeps_nothing_alive(
    pipe: tuple[int, int], logger: logging.Logger
) -> None:
    class Body:
        """What the code was dealing with when it failed."""

    def fail() -> "weakref.ref[Body]":
        body = Body()
        try:
            raise ValueError("wrong")
        except ValueError:
            logger.exception("not answered")
        return weakref.ref(body)

    writer = Writer(pipe[1])
    logger.addHandler(log_writer.Handler(writer))
    writer.write(_LINE)
    assert until(lambda: writer.waiting == 0)
    assert fail()() is None
    with os.fdopen(pipe[0], "rb", closefd=False) as reader:
        assert reader.readline() == _LINE
        assert json.loads(reader.readline())["event"] == "not answered"


def test_a_message_that_does_not_fit_its_arguments_ends_no_log(
    pipe: tuple[int, int], logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = Writer(pipe[1])
    logger.addHandler(log_writer.Handler(writer))
    logger.warning("%d of them", "two")
    logger.warning("%d of them", 2)
    assert writer.drain(60)
    assert json.loads(os.read(pipe[0], 1000))["event"] == "2 of them"
    assert "TypeError" in capsys.readouterr().err
