"""Answers that are held: when the task is read again, and how often."""

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks.model import Look, State
from tests.support.rig import SETTINGS, Rig


class TestWatch:
    """Answers that are held, on a fake clock, so that no test really waits."""

    @pytest.fixture
    def rig(self) -> Rig:
        return Rig()

    def running(self, rig: Rig, *, count: int, wait: int) -> str:
        """Create a task that a worker measures while an answer is held."""
        task_id = rig.create(count=count, wait=wait)
        a_run = rig.claim(task_id)
        a_run.report("report 0\n")
        began = rig.clock.now()
        inner = rig.clock.sleep

        def sleep(seconds: float) -> None:
            until = rig.clock.now() + seconds
            due_at = began + a_run.task.done * wait
            while a_run.task.done < count and due_at <= until:
                inner(due_at - rig.clock.now())
                a_run.report(f"report {a_run.task.done}\n")
                due_at += wait
            inner(until - rig.clock.now())

        rig.clock.sleep = sleep  # type: ignore[method-assign]
        self.reads = 0

        def count_reads(method: str) -> None:
            self.reads += method == "get"

        rig.store.before = count_reads
        return task_id

    def test_an_answer_is_there_at_once_if_there_is_something_new(self, rig: Rig) -> None:
        task_id = self.running(rig, count=10, wait=5)
        task = rig.service.look("v2", task_id, Look(detail=True, timeout=20)).task
        assert (task.done, self.reads, rig.clock.now()) == (1, 1, 1000)

    @pytest.mark.parametrize(("wait", "reads"), [(1, 2), (5, 3), (12, 4)])
    def test_an_answer_comes_with_the_next_report_and_costs_few_reads(
        self, rig: Rig, wait: int, reads: int
    ) -> None:
        task_id = self.running(rig, count=10, wait=wait)
        task = rig.service.look("v2", task_id, Look(detail=True, since=1, timeout=20)).task
        assert task.done == 2
        assert wait <= rig.clock.now() - 1000 <= wait + 0.5
        assert self.reads <= reads

    def test_following_a_window_takes_one_request_for_each_report(self, rig: Rig) -> None:
        task_id = self.running(rig, count=30, wait=1)
        for since in range(30):
            look = Look(detail=True, since=since, timeout=20)
            assert rig.service.look("v2", task_id, look).task.done == since + 1
        assert self.reads <= 2 * 30

    def test_without_detail_an_answer_waits_for_the_end(self, rig: Rig) -> None:
        task_id = self.running(rig, count=30, wait=1)
        first = rig.service.look("v2", task_id, Look(timeout=20)).task
        assert (first.state, rig.clock.now()) == (State.STARTED, 1020)
        second = rig.service.look("v2", task_id, Look(timeout=20)).task
        assert second.state is State.SUCCESS
        assert rig.clock.now() <= 1029.5
        assert self.reads <= 10

    def test_after_the_last_report_an_answer_waits_for_the_end(self, rig: Rig) -> None:
        task_id = self.running(rig, count=3, wait=2)
        task = rig.service.look("v2", task_id, Look(detail=True, since=3, timeout=20)).task
        assert task.state is State.SUCCESS

    def test_a_queued_task_is_read_again_and_again(self, rig: Rig) -> None:
        task_id = rig.create()
        looks: list[float] = []

        def look(method: str) -> None:
            if method == "get":
                looks.append(rig.clock.now() - 1000)

        rig.store.before = look
        task = rig.service.look("v2", task_id, Look(timeout=3)).task
        assert task.state is State.QUEUED
        assert rig.clock.now() == pytest.approx(1003)
        assert looks[:7] == pytest.approx([0, 0.04, 0.08, 0.16, 0.32, 0.64, 1.09])

    def test_a_task_that_ends_at_once_is_answered_at_once(self, rig: Rig) -> None:
        task_id, inner = rig.create(count=1), rig.clock.sleep

        def sleep(seconds: float) -> None:
            rig.worker.work(task_id)
            inner(seconds)

        rig.clock.sleep = sleep  # type: ignore[method-assign]
        task = rig.service.look("v2", task_id, Look(timeout=20)).task
        assert task.state is State.SUCCESS
        assert rig.clock.now() == pytest.approx(1000.04)

    def test_a_task_whose_report_is_late_is_read_less_and_less_often(self, rig: Rig) -> None:
        task_id = self.running(rig, count=9, wait=1)
        rig.clock.freeze(10)
        rig.clock.sleep = rig.clock.freeze  # type: ignore[method-assign]
        rig.service.look("v2", task_id, Look(detail=True, since=1, timeout=20))
        assert self.reads <= 8

    def test_a_clock_that_is_behind_the_workers_does_not_wait_longer(self, rig: Rig) -> None:
        task_id = self.running(rig, count=9, wait=1)
        rig.clock.jump(-60)
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            rig.clock.freeze(seconds)

        rig.clock.sleep = sleep  # type: ignore[method-assign]
        rig.service.look("v2", task_id, Look(detail=True, since=1, timeout=2))
        assert slept[0] == pytest.approx(1.1)

    def test_a_cancel_is_noticed_before_the_next_report(self, rig: Rig) -> None:
        task_id = self.running(rig, count=2, wait=3600)
        inner = rig.clock.sleep

        def sleep(seconds: float) -> None:
            inner(seconds)
            rig.service.cancel("v2", task_id)

        rig.clock.sleep = sleep  # type: ignore[method-assign]
        task = rig.service.look("v2", task_id, Look(timeout=20)).task
        assert task.state is State.REVOKED
        assert rig.clock.now() <= 1005

    @pytest.mark.parametrize(
        ("hold", "open_hold", "held"), [(0, 20, 0), (20, 0, 0), (20, 5, 5), (5, 20, 5)]
    )
    def test_an_answer_of_v2_is_held_as_long_as_both_settings_allow(
        self, hold: float, open_hold: float, held: float
    ) -> None:
        rig = Rig(SETTINGS._replace(hold_seconds=hold, open_hold_seconds=open_hold))
        rig.service.look("v2", rig.create(), Look(timeout=20))
        assert rig.clock.now() == pytest.approx(1000 + held)

    def test_an_answer_behind_the_login_is_held_whatever_strangers_get(self) -> None:
        rig = Rig(SETTINGS._replace(open_hold_seconds=0))
        rig.service.look("v3", rig.service.create("v3", Window(1, 1)), Look(timeout=20))
        assert rig.clock.now() == pytest.approx(1020)

    def test_a_report_that_the_window_does_not_have_is_refused(self, rig: Rig) -> None:
        task_id = rig.create(count=3)
        rig.service.look("v2", task_id, Look(since=3))
        with pytest.raises(errors.Invalid) as caught:
            rig.service.look("v2", task_id, Look(since=4))
        assert str(caught.value) == "since must be at most 3, the window's count, not 4."
