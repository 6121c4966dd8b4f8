"""The process of a worker: how it ends."""

import threading
from typing import Any

import pytest

from local import worker
from local.staffing import Staff
from tests.support import processes as services


class Steady:
    """A poller that polls until it is to leave."""

    def __init__(self) -> None:
        self.leaving = False
        self._left = threading.Event()

    def run(self) -> None:
        assert self._left.wait(services.DEADLINE)

    def leave(self) -> None:
        self.leaving = True
        self._left.set()


class Broken(Steady):
    """A poller that ends by an error."""

    def run(self) -> None:
        raise MemoryError


Pollers = list[Any]


@pytest.mark.parametrize("pollers", [[Steady(), Broken()], [Broken(), Broken()]])
def test_a_worker_of_which_a_poller_has_ended_by_an_error_ends(
    pollers: Pollers, logged: list[tuple[str, dict[str, object]]]
) -> None:
    def leave() -> None:
        for it in pollers:
            it.leave()

    assert worker.poll(Staff(pollers, None, shares=True), leave) == 1
    broken = [it for it in pollers if isinstance(it, Broken)]
    assert [event for event, _ in logged] == ["poller ended by an error"] * len(broken)


def test_a_worker_whose_pollers_were_told_to_leave_ends_well() -> None:
    pollers: Pollers = [Steady(), Steady()]
    for it in pollers:
        threading.Timer(0.05, it.leave).start()
    assert worker.poll(Staff(pollers, None, shares=True), lambda: None) == 0
