"""The protocol: it is right on both stores, and wrong if one of its conditions is missing."""

import contextlib
from collections.abc import Callable, Iterator

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from chalicelib.aws import task_store as stores
from tests.support.faults import lose
from tests.tasks.bounded import Bounded
from tests.tasks.days import Days
from tests.tasks.dynamo_worlds import worlds_in_moto
from tests.tasks.protocol import COUNT
from tests.tasks.races import Races

pytestmark = pytest.mark.usefixtures("uncovered")


def settings(examples: int) -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=examples,
        stateful_step_count=40,
        derandomize=True,
        database=None,
        deadline=None,
        # A failure is not shrunk: on a busy computer that takes longer than the tests may.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def on_dynamo() -> Iterator[type[Races]]:
    """Give the state machine on tables in moto, which are made once."""
    with worlds_in_moto() as in_moto:

        class OnDynamo(Races):
            make_store = staticmethod(in_moto)

        yield OnDynamo


def test_the_protocol_is_right_on_the_fake_store() -> None:
    run_state_machine_as_test(Races, settings=settings(200))


def test_the_protocol_is_right_over_days_and_with_wrong_clocks() -> None:
    run_state_machine_as_test(Days, settings=settings(200))


def test_the_protocol_is_right_with_strangers_and_users() -> None:
    run_state_machine_as_test(Bounded, settings=settings(100))


def test_the_protocol_is_right_on_dynamodb(on_dynamo: type[Races]) -> None:
    run_state_machine_as_test(on_dynamo, settings=settings(10))


def a_hint_comes_twice(world: Races) -> None:
    world.create()
    world.deliver(0, again=True, skew=0)
    world.deliver(0, again=False, skew=0)


def a_worker_finishes_what_was_cancelled_meanwhile(world: Races) -> None:
    world.create()
    world.deliver(0, again=False, skew=0)
    world.report(0)
    world.report(0)
    world.a_worker_is_frozen_in_a_write(0, "move", "caller")


def a_frozen_worker_goes_on_when_another_has_written(world: Races) -> None:
    world.create()
    world.deliver(0, again=False, skew=0)
    world.a_worker_is_frozen_in_a_write(0, "put_report", "worker")


def a_caller_cancels_what_has_ended(world: Races) -> None:
    world.create()
    world.deliver(0, again=False, skew=0)
    for _ in range(COUNT):
        world.report(0)
    world.nothing_is_broken()
    world.cancel(0)


def a_heartbeat_is_late_and_the_next_one_is_not(world: Races) -> None:
    world.create()
    world.deliver(0, again=False, skew=0)
    world.a_request_is_late(0, "beat", lose)
    world.a_worker_keeps_its_lease(0, beats=1)
    world.a_late_request_lands(0)


GUARDS: dict[str, Callable[[Races], None]] = {
    "_QUEUED_OR_GIVEN_BACK": a_hint_comes_twice,
    "_SAME_RUN": a_worker_finishes_what_was_cancelled_meanwhile,
    "_NOT_OF_A_LATER_RUN": a_frozen_worker_goes_on_when_another_has_written,
    "_LEASED": a_heartbeat_is_late_and_the_next_one_is_not,
    "_NOT_ENDED": a_caller_cancels_what_has_ended,
}


def play(scenario: Callable[[Races], None], world: Races) -> None:
    """Play a scenario, and check the invariants after it and after every task has ended."""
    try:
        scenario(world)
        world.nothing_is_broken()
    finally:
        world.teardown()


@pytest.mark.parametrize("scenario", GUARDS.values())
def test_it_is_right_in_the_scenarios_that_its_conditions_are_for(
    scenario: Callable[[Races], None], on_dynamo: type[Races]
) -> None:
    play(scenario, on_dynamo())


@pytest.mark.parametrize(("guard", "scenario"), GUARDS.items())
def test_without_one_of_its_conditions_it_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
    guard: str,
    scenario: Callable[[Races], None],
    on_dynamo: type[Races],
) -> None:
    condition = getattr(stores, guard)
    monkeypatch.setattr(stores, guard, f"({condition} OR attribute_exists(#task_id))")
    with pytest.raises(AssertionError):
        play(scenario, on_dynamo())


@pytest.mark.parametrize("works", [True, False])
def test_a_lost_hint_needs_a_sweeper(works: bool) -> None:
    def a_hint_is_lost(world: Races) -> None:
        world.create()
        world.lose_a_hint(0)

    class Swept(Races):
        sweeper_works = works

    with contextlib.nullcontext() if works else pytest.raises(AssertionError):
        play(a_hint_is_lost, Swept())
