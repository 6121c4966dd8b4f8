"""What one sweep looks at: all running tasks, then a share of the open ones; and what it leaves."""

import pytest

from chalicelib import errors
from chalicelib.measure.model import Window
from chalicelib.tasks import sweeper
from chalicelib.tasks.model import Swept
from tests.support.rig import Rig


def test_lost_workers_come_first_then_tasks_of_users(rig: Rig) -> None:
    of_anybody = rig.create()
    of_a_user = rig.service.create("v3", Window(1, 1))
    lost = rig.create()
    rig.crash(lost)
    rig.clock.freeze(200)
    rig.dispatcher.sent.clear()
    rig.store.before = lambda method: rig.clock.freeze(1) if method == "move" else None
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [lost, of_a_user, of_anybody]


def test_a_sweep_goes_on_where_the_last_one_ended(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "SHARE", 2)
    ids = []
    for _ in range(5):
        ids.append(rig.create())
        rig.clock.freeze(0.001)
    rig.clock.freeze(60)
    seen = []
    for _ in range(4):
        rig.dispatcher.sent.clear()
        rig.sweeper.sweep()
        seen.append(rig.dispatcher.sent[:])
        rig.clock.freeze(60)
    # The third one reaches the end, and the fourth begins anew.
    assert seen == [ids[:2], ids[2:4], ids[4:], ids[:2]]


def test_a_sweep_whose_time_is_up_goes_on_there(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "_BATCH", 1)
    ids = []
    for _ in range(3):
        ids.append(rig.create())
        rig.clock.freeze(1)
    rig.clock.freeze(60)
    rig.store.before = lambda method: rig.clock.freeze(30) if method == "move" else None
    for _ in range(2):
        rig.sweeper.sweep(seconds=30)
    assert rig.dispatcher.sent[:2] == ids[:2]


def test_a_sweep_counts_the_open_tasks_of_anybody(rig: Rig) -> None:
    rig.create()
    rig.service.cancel("v2", rig.create())
    rig.service.create("v3", Window(1, 1))
    rig.sweeper.sweep()
    assert rig.store.swept() == Swept(at=1000, open_tasks=1)


@pytest.mark.parametrize("call", ["count_open", "keep_swept", "get_many"])
def test_an_outage_in_a_sweep_leaves_the_rest_to_the_next_one(rig: Rig, call: str) -> None:
    task_id = rig.create()
    rig.clock.freeze(60)
    out = iter([True])

    def fail_once(method: str) -> None:
        if method == call and next(out, False):
            raise errors.Outage

    rig.store.before = fail_once
    rig.sweeper.sweep()
    rig.sweeper.sweep()
    assert rig.dispatcher.sent == [task_id]
    assert rig.store.swept().open_tasks == 1
