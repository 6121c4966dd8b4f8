"""The poller of a host: what it tells of answers and failures, and how long it waits."""

import threading
import time
from typing import Any

from chalicelib import errors
from local import poller
from local.pace import AWS, LOCAL, Pace
from tests.support import processes as services
from tests.support.fake_queue import Queue


class Presence:
    """A fake of what a host's worker says of itself; a test says when an answer is needed."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.due = 60.0

    def poller(
        self, queue: Queue, take: poller.Take = lambda _: None, **more: Any
    ) -> poller.Poller:
        return poller.Poller(
            queue,  # type: ignore[arg-type]
            take,
            answered=lambda: self.events.append("answered"),
            failed=lambda: self.events.append("failed"),
            due_in=lambda: self.due,
            **{"slots": 1, **more},
        )


class Timed(Queue):
    """A queue that remembers how long it was asked to wait, and lets a poller leave."""

    def __init__(self, *batches: list[str] | Exception) -> None:
        super().__init__(*batches)
        self.waits: list[int] = []
        self.end: Any = None

    def receive(self, most: int, seconds: int) -> list[dict[str, Any]]:
        self.waits.append(seconds)
        if not self.batches:
            self.end()
        return super().receive(most, seconds)


def test_the_first_thing_is_an_answer_that_takes_the_name() -> None:
    queue, presence = Timed(), Presence()
    polling = presence.poller(queue)
    queue.end = polling.leave
    polling.run()
    assert (presence.events[0], queue.reached) == ("answered", 1)


def test_a_queue_that_is_made_when_it_does_not_answer_is_asked_again_at_once() -> None:
    class New(Timed):
        def reach(self) -> None:
            self.reached += 1
            if self.reached == 1:
                raise errors.Outage

    queue, presence = New(), Presence()
    polling = presence.poller(queue)
    queue.end = polling.leave
    polling.run()
    assert presence.events[:2] == ["failed", "answered"]


def test_it_polls_no_longer_than_until_an_answer_is_needed() -> None:
    queue, presence = Timed([], [], []), Presence()
    polling = presence.poller(queue, pace=AWS._replace(first=0))
    due = iter((60, 7.2, 0, -3, 60))
    polling._due_in = lambda: next(due)
    queue.end = polling.leave
    polling.run()
    assert queue.waits == [20, 8, 1, 1]


def test_after_failures_it_waits_longer_and_by_lot() -> None:
    waits = [[AWS.after(failures) for _ in range(200)] for failures in range(1, 12)]
    longest = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    for most, found in zip(longest, waits, strict=True):
        assert 0 <= min(found) < most / 4
        assert most * 3 / 4 < max(found) <= most
    assert 9 < max(LOCAL.after(failures) for failures in range(1, 2000)) <= 10
    assert {0 <= AWS.before() <= 20 for _ in range(100)} == {True}
    assert LOCAL.before() == 0


def test_each_failure_is_told_and_an_answer_ends_the_waiting() -> None:
    queue, presence = Timed(errors.Outage(), KeyError("Messages")), Presence()
    polling = presence.poller(queue, pace=LOCAL._replace(longest=0.01))
    queue.end = polling.leave
    polling.run()
    assert presence.events == ["answered", "failed", "failed", "answered"]
    assert polling._failures == 0


def test_an_error_with_what_follows_an_answer_or_a_failure_does_no_harm() -> None:
    """Credentials that were taken away are no outage."""
    queue, taken = Timed(errors.Outage(), ["a"], KeyError("Messages"), ["b"]), list[str]()

    def denied() -> None:
        raise PermissionError("AccessDenied")

    polling = poller.Poller(
        queue,  # type: ignore[arg-type]
        taken.append,
        slots=2,
        answered=denied,
        failed=denied,
        pace=LOCAL._replace(longest=0.01),
    )
    queue.end = polling.leave
    polling.run()
    assert sorted(taken) == ["a", "b"]


def test_a_queue_that_denies_a_short_call_is_asked_again() -> None:
    class Denying(Timed):
        def reach(self) -> None:
            super().reach()
            raise PermissionError("AccessDenied")

    queue, presence = Denying(), Presence()
    polling = presence.poller(queue, pace=LOCAL._replace(longest=0.01))
    queue.end = polling.leave
    polling.run()
    assert presence.events == ["failed", "failed", "answered"]


class Steady(Pace):
    """A pace whose waits say how many failures there were in a row."""

    def before(self) -> float:
        return 0

    def after(self, failures: int) -> float:
        return failures / 1000


def test_a_host_whose_cloud_is_gone_waits_longer_each_time_before_it_has_its_name() -> None:
    queue, waits, taken = Timed(), list[float](), list[str]()
    queue.out = True
    polling = Presence().poller(
        queue, taken.append, pace=Steady(*LOCAL), problem=lambda: "The name is not taken yet."
    )
    pause = polling._pause

    def paused(seconds: float) -> None:
        waits.append(seconds)
        pause(seconds)
        if len(waits) == 5:
            polling.leave()

    polling._pause = paused  # type: ignore[method-assign]
    polling.run()
    # The first is the one before its first call. Then it has asked twice at once.
    assert waits == [0, 0.002, 0.003, 0.004, 0.005]
    assert (queue.waits, taken) == ([], [])


def test_a_host_without_a_free_slot_does_not_ask_a_cloud_that_is_gone_all_the_time() -> None:
    queue, presence, go_on = Queue(["a"]), Presence(), threading.Event()
    pace = LOCAL._replace(longest=0)
    polling = presence.poller(queue, lambda _: go_on.wait(services.DEADLINE), pace=pace)
    thread = threading.Thread(target=polling.run)
    thread.start()
    try:
        assert services.until(lambda: not queue.batches)
        queue.out, presence.due = True, 0
        assert services.until(lambda: presence.events[-1] == "failed")
        # Another answer is due all the time; how long it waits for it says the pace.
        polling._pace = pace._replace(longest=60)
        assert services.until(lambda: polling._reach_at > time.monotonic() + 1)
        assert polling._failures >= 1
        queue.out, polling._reach_at = False, 0
        assert services.until(lambda: presence.events[-1] == "answered")
    finally:
        go_on.set()
        polling.leave()
        thread.join(services.DEADLINE)


def test_an_answer_is_asked_for_while_no_slot_is_free() -> None:
    """Otherwise a host that measures all the time would be offline."""
    queue, presence, go_on = Queue(["a"]), Presence(), threading.Event()
    polling = presence.poller(queue, lambda _: go_on.wait(services.DEADLINE))
    thread = threading.Thread(target=polling.run)
    thread.start()
    try:
        assert services.until(lambda: not queue.batches)
        presence.due = 0
        before = len(presence.events)
        assert services.until(lambda: len(presence.events) > before + 2)
    finally:
        go_on.set()
        polling.leave()
        thread.join(services.DEADLINE)


def test_a_poller_that_only_waits_for_messages_is_idle() -> None:
    asked, answer = threading.Event(), threading.Event()

    class Slow(Queue):
        def receive(self, most: int, seconds: int) -> list[dict[str, Any]]:
            asked.set()
            assert answer.wait(services.DEADLINE)
            return super().receive(most, seconds)

    polling = Presence().poller(Slow())
    thread = threading.Thread(target=polling.run)
    thread.start()
    assert asked.wait(services.DEADLINE)
    assert services.until(lambda: polling.idle)
    polling.leave()
    answer.set()
    thread.join(services.DEADLINE)
    assert not polling.idle
