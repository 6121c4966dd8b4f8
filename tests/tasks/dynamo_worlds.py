"""What the protocol is tested with on DynamoDB: tables in moto that many worlds use in turn."""

import contextlib
import warnings
from collections.abc import Callable, Iterator

import boto3
import moto
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from chalicelib.aws import task_items
from chalicelib.aws.items import Item
from chalicelib.aws.task_store import DynamoTaskStore
from chalicelib.tasks.model import Report, Task
from chalicelib.tasks.ports import Store
from local import stage
from tests.tasks.worlds import Snapshot

_REGION = "us-east-1"
_TEMPLATE = stage.PROJECT / ".chalice" / "resources.json"
_NAMES = {kind: f"hoststat-dev-{kind}" for kind in ("tasks", "reports", "keys")}


@contextlib.contextmanager
def worlds_in_moto() -> Iterator[Callable[[], tuple[Store, Snapshot, Callable[[], None]]]]:
    """Make the tables, and give what makes a store on them: see `worlds.in_memory`."""
    with moto.mock_aws():
        with warnings.catch_warnings(action="ignore"):
            # moto says of each resource that it only pretends to make that it does so.
            boto3.client("cloudformation", region_name=_REGION).create_stack(
                StackName="data",
                TemplateBody=_TEMPLATE.read_text(),
                Parameters=[{"ParameterKey": "Stage", "ParameterValue": "dev"}],
            )
        yield _in_moto


def _in_moto() -> tuple[Store, Snapshot, Callable[[], None]]:
    client = boto3.client("dynamodb", region_name=_REGION)
    made = dynamodb_backends[DEFAULT_ACCOUNT_ID][_REGION].tables

    def items(kind: str) -> list[Item]:
        # By no request: that would take longer than all that is tested.
        return [it.to_json()["Attributes"] for it in made[_NAMES[kind]].all_items()]

    def snapshot() -> tuple[list[Task], dict[str, list[Report]]]:
        by_task: dict[str, list[Report]] = {}
        for item in sorted(items("reports"), key=lambda item: int(item["index"]["N"])):
            by_task.setdefault(item["task_id"]["S"], []).append(task_items.to_report(item))
        return [task_items.to_task(item) for item in items("tasks")], by_task

    def empty() -> None:
        for name in _NAMES.values():
            made[name].items.clear()

    return DynamoTaskStore(client, **_NAMES), snapshot, empty
