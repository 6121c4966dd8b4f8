"""The poller: it takes as many messages as it has free slots, and goes on after any error."""

import threading
import time
from typing import Any

import pytest

from chalicelib import errors
from local import in_flight, poller
from tests.support import processes as services
from tests.support.fake_queue import Queue


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller, "_POLL_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(in_flight, "_IN_FLIGHT_SECONDS", 0.01)


def drive(
    queue: Queue, take: poller.Take, *, slots: int, until: Any, problem: Any = lambda: None
) -> None:
    """Let a poller run until `until` gives true, and then let it leave."""
    polling = poller.Poller(queue, take, slots=slots, problem=problem)  # type: ignore[arg-type]
    thread = threading.Thread(target=polling.run)
    thread.start()
    assert services.until(until)
    polling.leave()
    thread.join(services.DEADLINE)
    assert not thread.is_alive()


def test_full_and_empty_batches_are_all_dealt_with() -> None:
    first, second = [f"a{n}" for n in range(10)], [f"b{n}" for n in range(3)]
    queue = Queue(first, [], second, first)
    seen: list[str] = []

    drive(queue, seen.append, slots=25, until=lambda: len(queue.all_acknowledged()) == 23)
    assert sorted(seen) == queue.all_acknowledged() == sorted([*first, *second, *first])
    assert all(len(batch) <= 10 for batch in queue.acknowledged)


def test_while_messages_come_only_whole_batches_are_acknowledged() -> None:
    many = [[f"{batch}-{number}" for number in range(4)] for batch in range(30)]
    done = threading.Semaphore(0)

    class Patient(Queue):
        """A queue that gives the next batch only when the one before is dealt with."""

        def receive(self, most: int, seconds: int) -> list[dict[str, Any]]:
            if 0 < len(self.batches) < len(many):
                assert all(done.acquire(timeout=services.DEADLINE) for _ in range(4))
            return super().receive(most, seconds)

    queue = Patient(*many)
    drive(queue, lambda *_: done.release(), slots=200, until=lambda: not queue.batches)
    assert len(queue.acknowledged) > 3
    assert {len(batch) for batch in queue.acknowledged[:3]} == {10}


def test_messages_are_gathered_behind_a_batch_that_was_not_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    class Timed(Queue):
        def receive(self, most: int, seconds: int) -> list[dict[str, Any]]:
            asked.append(time.monotonic())
            return super().receive(most, seconds)

    monkeypatch.setattr(poller, "_GATHER_SECONDS", 0.3)
    drive(Timed(["a"]), lambda *_: None, slots=20, until=lambda: len(asked) > 1)
    assert asked[1] - asked[0] >= 0.3


def test_there_is_no_wait_behind_a_full_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller, "_GATHER_SECONDS", 10 * services.DEADLINE)
    full = [[f"{batch}-{number}" for number in range(10)] for batch in range(2)]
    queue = Queue(*full)
    drive(queue, lambda *_: None, slots=20, until=lambda: len(queue.all_acknowledged()) == 20)


@pytest.mark.parametrize("trouble", [errors.Outage(), KeyError("Messages")])
def test_a_queue_that_fails_is_polled_again(trouble: Exception) -> None:
    queue = Queue(trouble, ["a"], trouble, ["b"])
    drive(queue, lambda *_: None, slots=2, until=lambda: queue.acknowledged == [["a"], ["b"]])


@pytest.mark.parametrize("trouble", [errors.Outage(), KeyError("task_id")])
def test_a_message_whose_handling_fails_is_not_acknowledged(trouble: Exception) -> None:
    queue = Queue(["bad"], ["good"])

    def take(body: str) -> None:
        if body == "bad":
            raise trouble

    drive(queue, take, slots=1, until=lambda: queue.acknowledged == [["good"]])


def test_the_message_of_a_long_window_is_acknowledged_while_it_runs() -> None:
    queue, go_on = Queue(["a", "b"]), threading.Event()
    polling = poller.Poller(queue, lambda *_: go_on.wait(), slots=2)  # type: ignore[arg-type]
    thread = threading.Thread(target=polling.run)
    thread.start()
    try:
        assert services.until(lambda: queue.acknowledged == [["a", "b"]])
    finally:
        go_on.set()
        polling.leave()
        thread.join(services.DEADLINE)


@pytest.mark.parametrize("trouble", [errors.Outage(), KeyError("Failed")])
def test_messages_that_cannot_be_acknowledged_do_no_harm(trouble: Exception) -> None:
    class Stuck(Queue):
        def acknowledge(self, messages: list[dict[str, Any]]) -> None:
            super().acknowledge(messages)
            if len(self.acknowledged) == 1:
                raise trouble

    queue = Stuck(["a"], [], ["b"])
    drive(queue, lambda *_: None, slots=1, until=lambda: queue.acknowledged == [["a"], ["b"]])


def test_no_more_messages_are_taken_than_there_are_slots_and_none_when_leaving() -> None:
    queue = Queue(["a", "b"], ["c"])
    busy, go_on = threading.Semaphore(0), threading.Event()

    def take(body: str) -> None:
        busy.release()
        assert go_on.wait(services.DEADLINE)

    polling = poller.Poller(queue, take, slots=2)  # type: ignore[arg-type]
    thread = threading.Thread(target=polling.run)
    thread.start()
    assert busy.acquire(timeout=30)
    assert busy.acquire(timeout=30)
    polling.leave()
    go_on.set()
    thread.join(services.DEADLINE)
    assert queue.batches == [["c"]]


def test_messages_that_come_while_it_leaves_are_put_back() -> None:
    class Late(Queue):
        def receive(self, most: int, seconds: int) -> list[dict[str, Any]]:
            polling.leave()
            return super().receive(most, seconds)

        def put_back(self, message: dict[str, Any]) -> None:
            if message["Body"] == "bad":
                raise errors.Outage
            super().put_back(message)

    queue = Late(["bad", "a"])
    polling = poller.Poller(queue, lambda *_: None, slots=2)  # type: ignore[arg-type]
    polling.run()
    assert queue.put_back_ == ["a"]


def test_a_message_that_is_dealt_with_while_it_leaves_is_acknowledged() -> None:
    queue = Queue(["a"])
    busy, go_on = threading.Event(), threading.Event()

    def take(body: str) -> None:
        busy.set()
        assert go_on.wait(services.DEADLINE)

    polling = poller.Poller(queue, take, slots=1)  # type: ignore[arg-type]
    thread = threading.Thread(target=polling.run)
    thread.start()
    assert busy.wait(services.DEADLINE)
    polling.leave()
    go_on.set()
    thread.join(services.DEADLINE)
    assert queue.acknowledged == [["a"]]


def test_a_message_whose_thread_could_not_be_started_is_acknowledged_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue, real = Queue(["a"], ["b"]), threading.Thread.start
    seen: list[str] = []
    refused: list[threading.Thread] = []

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("window") and not refused:
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    drive(queue, seen.append, slots=2, until=lambda: queue.all_acknowledged() == ["a", "b"])
    assert sorted(seen) == ["a", "b"]


@pytest.mark.parametrize("out", [False, True])
def test_no_work_is_taken_while_there_is_a_problem(
    out: bool, logged: list[tuple[str, dict[str, object]]]
) -> None:
    queue, taken_after = Queue(["a"]), list[int]()
    queue.out = out
    drive(
        queue,
        lambda *_: taken_after.append(queue.reached),
        slots=2,
        until=lambda: queue.acknowledged == [["a"]],
        problem=lambda: "The clock is off." if queue.reached < 3 else None,
    )
    assert taken_after == [3]
    said = [(event, fields.get("why")) for event, fields in logged if "work" in event]
    assert said == [("no work is taken", "The clock is off."), ("work is taken again", None)]


def test_it_tells_of_each_answer_and_asks_for_one_while_no_slot_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(poller, "_REACH_SECONDS", 0)
    queue, go_on, told = Queue(errors.Outage(), ["a"]), threading.Event(), list[int]()
    polling = poller.Poller(
        queue,  # type: ignore[arg-type]
        lambda _: go_on.wait(services.DEADLINE),
        slots=1,
        answered=lambda: told.append(queue.reached),
    )
    thread = threading.Thread(target=polling.run)
    thread.start()
    try:
        # It is asked for first. Then the first poll failed, and the second one had the message.
        assert services.until(lambda: len(told) > 2)
        assert told[:3] == [1, 1, 2]
    finally:
        go_on.set()
        polling.leave()
        thread.join(services.DEADLINE)


def test_messages_that_come_with_the_news_of_a_problem_are_put_back() -> None:
    queue = Queue(["a"])
    drive(
        queue,
        lambda *_: None,
        slots=2,
        until=lambda: queue.put_back_ == ["a"],
        problem=lambda: None if queue.batches else "The clock is off.",
    )
    assert queue.acknowledged == []
