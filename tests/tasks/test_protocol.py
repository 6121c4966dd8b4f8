"""The protocol: it is right on both stores, and wrong if one of its conditions is missing."""

import contextlib
from collections.abc import Callable

import boto3
import hypothesis
import moto
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from chalicelib.aws import task_items
from chalicelib.aws import task_store as stores
from chalicelib.aws.task_store import DynamoTaskStore
from chalicelib.tasks.model import Report, Task
from chalicelib.tasks.ports import Store
from local import stage
from tests.tasks.days import Days
from tests.tasks.protocol import COUNT, Protocol
from tests.tasks.worlds import Snapshot

TEMPLATE = stage.PROJECT / ".chalice" / "resources.json"


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


def in_moto() -> tuple[Store, Snapshot, Callable[[], None]]:
    mock = moto.mock_aws()
    mock.start()
    boto3.client("cloudformation", region_name="us-east-1").create_stack(
        StackName="data",
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "dev"}],
    )
    client = boto3.client("dynamodb", region_name="us-east-1")
    names = {
        "tasks": "hoststat-dev-tasks",
        "reports": "hoststat-dev-reports",
        "keys": "hoststat-dev-keys",
    }

    def snapshot() -> tuple[list[Task], dict[str, list[Report]]]:
        tasks, reports = (client.scan(TableName=names[it])["Items"] for it in ("tasks", "reports"))
        by_task: dict[str, list[Report]] = {}
        for item in sorted(reports, key=lambda item: int(item["index"]["N"])):
            by_task.setdefault(item["task_id"]["S"], []).append(task_items.to_report(item))
        return [task_items.to_task(item) for item in tasks], by_task

    return DynamoTaskStore(client, **names), snapshot, mock.stop


class ProtocolOnDynamo(Protocol):
    make_store = staticmethod(in_moto)


def test_the_protocol_is_right_on_the_fake_store() -> None:
    run_state_machine_as_test(Protocol, settings=settings(400))


def test_the_protocol_is_right_over_days_and_with_wrong_clocks() -> None:
    run_state_machine_as_test(Days, settings=settings(400))


def test_the_protocol_is_right_on_dynamodb() -> None:
    run_state_machine_as_test(ProtocolOnDynamo, settings=settings(15))


def a_hint_comes_twice(world: Protocol) -> None:
    world.create()
    world.deliver(0, again=True, skew=0)
    world.deliver(0, again=False, skew=0)


def a_worker_finishes_what_was_cancelled_meanwhile(world: Protocol) -> None:
    world.create()
    world.deliver(0, again=False, skew=0)
    world.report(0)
    world.report(0)
    world.a_worker_is_frozen_in_a_write(0, "move", "caller")


def a_frozen_worker_goes_on_when_another_has_written(world: Protocol) -> None:
    world.create()
    world.deliver(0, again=False, skew=0)
    world.a_worker_is_frozen_in_a_write(0, "put_report", "worker")


def a_caller_cancels_what_has_ended(world: Protocol) -> None:
    world.create()
    world.deliver(0, again=False, skew=0)
    for _ in range(COUNT):
        world.report(0)
    world.nothing_is_broken()
    world.cancel(0)


GUARDS: dict[str, Callable[[Protocol], None]] = {
    "_QUEUED_OR_GIVEN_BACK": a_hint_comes_twice,
    "_SAME_RUN": a_worker_finishes_what_was_cancelled_meanwhile,
    "_NOT_OF_A_LATER_RUN": a_frozen_worker_goes_on_when_another_has_written,
    "_NOT_ENDED": a_caller_cancels_what_has_ended,
}


def play(scenario: Callable[[Protocol], None], world: Protocol) -> None:
    """Play a scenario, and check the invariants after it and after every task has ended."""
    try:
        scenario(world)
        world.nothing_is_broken()
    finally:
        world.teardown()


@pytest.mark.parametrize("scenario", GUARDS.values())
def test_it_is_right_in_the_scenarios_that_its_conditions_are_for(
    scenario: Callable[[Protocol], None],
) -> None:
    play(scenario, ProtocolOnDynamo())


@pytest.mark.parametrize(("guard", "scenario"), GUARDS.items())
def test_without_one_of_its_conditions_it_is_wrong(
    monkeypatch: pytest.MonkeyPatch, guard: str, scenario: Callable[[Protocol], None]
) -> None:
    condition = getattr(stores, guard)
    monkeypatch.setattr(stores, guard, f"({condition} OR attribute_exists(#task_id))")
    with pytest.raises(AssertionError):
        play(scenario, ProtocolOnDynamo())


@pytest.mark.parametrize("works", [True, False])
def test_a_lost_hint_needs_a_sweeper(works: bool) -> None:
    def a_hint_is_lost(world: Protocol) -> None:
        world.create()
        world.lose_a_hint(0)

    class Swept(Protocol):
        sweeper_works = works

    with contextlib.nullcontext() if works else pytest.raises(AssertionError):
        play(a_hint_is_lost, Swept())
