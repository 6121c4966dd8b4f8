"""The data stack in moto, in this process, without what would be read again for each test."""

import functools
import json
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.loaders import Loader
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from local import stage

#: Has read botocore's models, which takes a tenth of a second for each session otherwise.
_MODELS = Loader()
#: What moto makes of the stack. It only pretends to make the rest.
_MADE = ("AWS::DynamoDB::Table", "AWS::SQS::Queue")
_REGION = "us-east-1"


def session() -> Any:
    """Make a session of botocore."""
    made = botocore.session.get_session()
    made.register_component("data_loader", _MODELS)
    return made


def make(session: Any) -> None:
    """Make the tables and queues of the stage dev."""
    session.create_client("cloudformation").create_stack(
        StackName="hoststat-dev-data",
        TemplateBody=_template(),
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": stage.LOCAL}],
    )


def messages() -> Iterator[str]:
    """Give the bodies of all messages, as moto keeps them."""
    for queue in sqs_backends[DEFAULT_ACCOUNT_ID][_REGION].queues.values():
        for message in queue._messages:
            yield message.body


def items() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the table and the attributes of all items, as moto keeps them."""
    for name, table in dynamodb_backends[DEFAULT_ACCOUNT_ID][_REGION].tables.items():
        for item in table.all_items():
            yield name, item.to_json()["Attributes"]


@functools.cache
def _template() -> str:
    """Give the template of the tables and queues. moto reads YAML: each line takes its time."""
    whole = json.loads((stage.PROJECT / ".chalice" / "resources.json").read_text())
    made = {name: it for name, it in whole["Resources"].items() if it["Type"] in _MADE}
    return json.dumps({**whole, "Resources": made})
