"""The moves of a task in a store: claims, changes and cancels, and the condition of each."""

from collections.abc import Callable

import pytest

from chalicelib import errors, ids
from chalicelib.tasks import model
from chalicelib.tasks.model import State, Task
from chalicelib.tasks.ports import Refused, Store
from tests.support.records import NOW, a_claim, a_task, claimed


class TestClaim:
    def test_a_queued_task_is_started_by_its_first_run(self, store: Store) -> None:
        task = a_task(hints=2)
        store.create(task)
        claim = a_claim(task)
        expected = task._replace(state=State.STARTED, run=1, hints=0, **claim._asdict())
        assert store.claim(claim) == expected
        assert store.get(task.task_id) == expected

    def test_a_task_is_claimed_once(self, store: Store) -> None:
        task = claimed(store)
        with pytest.raises(Refused) as refused:
            store.claim(a_claim(task))
        assert refused.value.old == task

    def test_again_with_the_same_token_is_the_same_claim(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        claim = a_claim(task)
        assert store.claim(claim) == store.claim(claim)

    def test_a_claim_that_is_retried_after_a_cancel_is_refused(self, store: Store) -> None:
        task = a_task()
        store.create(task)
        claim = a_claim(task)
        store.claim(claim)
        store.cancel(task.task_id, "v2", NOW + 2, NOW + 50)
        with pytest.raises(Refused):
            store.claim(claim)

    def test_a_task_that_was_given_back_is_claimed_by_its_next_run(self, store: Store) -> None:
        first = claimed(store)
        store.move(first, first._replace(lease_until=0))
        second = store.claim(a_claim(first, started_at=NOW + 50))
        assert (second.run, second.started_at) == (2, first.started_at)

    def test_a_task_that_is_not_there_is_refused_and_not_created(self, store: Store) -> None:
        task = a_task()
        with pytest.raises(Refused) as refused:
            store.claim(a_claim(task))
        assert refused.value.old is None
        assert store.get(task.task_id) is None

    @pytest.mark.parametrize(
        ("target", "claimer"), [("web-1", None), ("web-1", "web-2"), (None, "web-1")]
    )
    def test_a_task_is_claimed_by_the_host_that_it_is_for_alone(
        self, store: Store, target: str | None, claimer: str | None
    ) -> None:
        task = a_task(target=target)
        store.create(task)
        with pytest.raises(Refused) as refused:
            store.claim(a_claim(task, target=claimer))
        assert refused.value.old == task
        assert store.claim(a_claim(task, target=target)).target == target

    def test_a_task_is_not_begun_after_its_time_but_may_go_on_after_it(self, store: Store) -> None:
        task = a_task(start_by=NOW + 30)
        store.create(task)
        with pytest.raises(Refused):
            store.claim(a_claim(task, started_at=NOW + 30.5))
        first = store.claim(a_claim(task, started_at=NOW + 30))
        store.move(first, first._replace(lease_until=0))
        assert store.claim(a_claim(task, started_at=NOW + 500)).run == 2


class TestMove:
    def test_changed_fields_are_written_and_empty_ones_removed(self, store: Store) -> None:
        before = claimed(store)
        after = model.ended(before, State.FAILURE, at=NOW + 5, keep_days=7, error="It broke.")
        store.move(before, after)
        assert store.get(before.task_id) == after

    def test_two_moves_that_change_different_fields_both_count(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, task._replace(lease_until=NOW + 500))
        store.move(task, task._replace(done=1), seen=("done",))
        assert store.get(task.task_id) == task._replace(lease_until=NOW + 500, done=1)

    def test_a_later_run_fences_an_earlier_one(self, store: Store) -> None:
        first = claimed(store)
        store.move(first, first._replace(lease_until=0))
        second = store.claim(a_claim(first))
        with pytest.raises(Refused) as refused:
            store.move(first, first._replace(done=1), seen=("done",))
        assert refused.value.old == second

    def test_a_heartbeat_that_comes_late_does_not_undo_a_hand_over(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, task._replace(lease_until=0))
        with pytest.raises(Refused):
            store.move(task, task._replace(lease_until=NOW + 500), leased=True)

    def test_a_heartbeat_that_comes_late_does_not_shorten_a_lease(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, task._replace(lease_until=NOW + 500))
        with pytest.raises(Refused):
            store.move(task, task._replace(lease_until=NOW + 400), leased=True)

    def test_a_move_that_begins_at_an_end_is_refused(self, store: Store) -> None:
        task = claimed(store)
        ended = model.ended(task, State.SUCCESS, at=NOW + 5, keep_days=7)
        store.move(task, ended)
        with pytest.raises(Refused):
            store.move(ended, ended._replace(due_at=NOW + 500))
        assert store.get(task.task_id) == ended

    def test_a_field_that_was_seen_must_not_have_changed(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, task._replace(done=1))
        with pytest.raises(Refused):
            store.move(task, task._replace(done=2), seen=("done",))

    def test_again_succeeds_and_changes_nothing(self, store: Store) -> None:
        task = claimed(store)
        after = task._replace(done=1)
        store.move(task, after, seen=("done",))
        store.move(task, after, seen=("done",))
        assert store.get(task.task_id) == after

    def test_again_succeeds_for_an_end_too(self, store: Store) -> None:
        task = claimed(store)
        after = model.ended(task, State.SUCCESS, at=NOW + 5, keep_days=7)
        store.move(task, after)
        store.move(task, after)
        assert store.get(task.task_id) == after

    def test_an_ended_task_never_moves(self, store: Store) -> None:
        task = claimed(store)
        store.cancel(task.task_id, "v2", NOW + 5, NOW + 6)
        for after in (
            task._replace(done=1),
            task._replace(lease_until=NOW + 900),
            model.ended(task, State.SUCCESS, at=NOW + 9, keep_days=7),
        ):
            with pytest.raises(Refused):
                store.move(task, after)
        found = store.get(task.task_id)
        assert found is not None
        assert (found.state, found.done) == (State.REVOKED, 0)

    def test_a_move_that_changes_nothing_has_its_condition_too(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, task)
        store.cancel(task.task_id, "v2", NOW + 5, NOW + 50)
        with pytest.raises(Refused):
            store.move(task, task)

    def test_a_move_that_only_removes_a_field_is_written(self, store: Store) -> None:
        task = claimed(store)
        store.move(task, task._replace(host=None))
        assert store.get(task.task_id) == task._replace(host=None)

    def test_a_task_that_is_not_there_is_refused_and_not_created(self, store: Store) -> None:
        task = a_task(state=State.STARTED, run=1)
        with pytest.raises(Refused) as refused:
            store.move(task, task._replace(done=1))
        assert refused.value.old is None
        assert store.get(task.task_id) is None


class TestCancel:
    @pytest.mark.parametrize("make", [a_task, None], ids=["queued", "started"])
    def test_an_open_task_is_revoked(self, store: Store, make: Callable[[], Task] | None) -> None:
        task = make() if make else claimed(store)
        if make:
            store.create(task)
        store.cancel(task.task_id, "v2", NOW + 5, NOW + 50)
        revoked = task._replace(
            state=State.REVOKED, ended_at=NOW + 5, expires_at=NOW + 50, due_at=None
        )
        assert store.get(task.task_id) == revoked

    def test_an_ended_task_is_refused(self, store: Store) -> None:
        task = claimed(store)
        ended = model.ended(task, State.SUCCESS, at=NOW + 5, keep_days=7)
        store.move(task, ended)
        with pytest.raises(Refused) as refused:
            store.cancel(task.task_id, "v2", NOW + 6, NOW + 50)
        assert refused.value.old == ended

    def test_a_task_of_another_version_is_refused(self, store: Store) -> None:
        task = claimed(store, version="v3")
        with pytest.raises(Refused) as refused:
            store.cancel(task.task_id, "v2", NOW + 5, NOW + 50)
        assert refused.value.old == task

    def test_a_task_that_is_not_there_is_refused_and_not_created(self, store: Store) -> None:
        task_id = ids.new_id()
        with pytest.raises(Refused) as refused:
            store.cancel(task_id, "v2", NOW + 5, NOW + 50)
        assert refused.value.old is None
        assert store.get(task_id) is None


def test_the_table_of_moves_says_which_states_can_be_cancelled(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store must read `MOVES`, and have no list of states of its own."""
    task = a_task()
    store.create(task)
    failed = model.ended(task, State.FAILURE, at=NOW + 5, keep_days=7, error="It broke.")
    store.move(task, failed)
    with pytest.raises(Refused):
        store.cancel(task.task_id, "v2", NOW + 6, NOW + 50)
    monkeypatch.setitem(model.MOVES, State.FAILURE, frozenset({State.REVOKED}))
    store.cancel(task.task_id, "v2", NOW + 6, NOW + 50)
    found = store.get(task.task_id)
    assert found is not None
    assert found.state is State.REVOKED


def test_a_move_that_is_not_in_the_table_is_never_written(store: Store) -> None:
    task = a_task()
    store.create(task)
    with pytest.raises(errors.IllegalMove):
        store.move(task, task._replace(state=State.SUCCESS))
    assert store.get(task.task_id) == task
