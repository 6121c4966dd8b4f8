"""The protocol holds over both stores, and without any one of its guards it does not."""

from collections.abc import Callable
from pathlib import Path

import boto3
import hypothesis
import moto
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from chalicelib import items
from chalicelib import store as stores
from chalicelib.ports import Store
from chalicelib.store import DynamoStore
from chalicelib.tasks import Report, Task
from tests.protocol import Protocol, Snapshot

TEMPLATE = Path(__file__).resolve().parent.parent / ".chalice" / "resources.json"


def settings(examples: int) -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=examples,
        stateful_step_count=40,
        derandomize=True,
        database=None,
        deadline=None,
        # Not shrunk: on a busy machine that takes longer than the tests may.
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
    names = {"tasks": "hoststat-dev-tasks", "reports": "hoststat-dev-reports"}

    def snapshot() -> tuple[list[Task], dict[str, list[Report]]]:
        tasks, reports = (client.scan(TableName=name)["Items"] for name in names.values())
        by_task: dict[str, list[Report]] = {}
        for item in sorted(reports, key=lambda item: int(item["index"]["N"])):
            by_task.setdefault(item["task_id"]["S"], []).append(items.to_report(item))
        return [items.to_task(item) for item in tasks], by_task

    return DynamoStore(client, **names), snapshot, mock.stop


class ProtocolOnDynamo(Protocol):
    make_store = staticmethod(in_moto)


def test_it_holds_over_the_fake() -> None:
    run_state_machine_as_test(Protocol, settings=settings(400))


def test_it_holds_over_dynamodb() -> None:
    run_state_machine_as_test(ProtocolOnDynamo, settings=settings(25))


@pytest.mark.parametrize(
    "guard",
    ["_QUEUED_OR_GIVEN_BACK", "_SAME_RUN", "_NOT_ENDED", "_NOT_OF_A_LATER_RUN"],
    ids=["claim", "report and finish", "cancel", "late report"],
)
def test_without_one_of_its_conditions_it_breaks(
    monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    condition = getattr(stores, guard)
    monkeypatch.setattr(stores, guard, f"({condition} OR attribute_exists(#task_id))")
    with pytest.raises(AssertionError):
        run_state_machine_as_test(ProtocolOnDynamo, settings=settings(200))


def test_without_a_sweeper_it_breaks() -> None:
    class WithoutSweeper(Protocol):
        sweeper_works = False

    with pytest.raises(AssertionError):
        run_state_machine_as_test(WithoutSweeper, settings=settings(200))
