"""The data stack in moto, in this process, without what would be read again for each test."""

import functools
import json
from typing import Any

import botocore.session
from botocore.loaders import Loader

from local import stage

#: Has read botocore's models, which takes a tenth of a second for each session otherwise.
_MODELS = Loader()
#: What moto makes of the stack. It only pretends to make the rest.
_MADE = ("AWS::DynamoDB::Table", "AWS::SQS::Queue")


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


@functools.cache
def _template() -> str:
    """Give the template of the tables and queues. moto reads YAML: each line takes its time."""
    whole = json.loads((stage.PROJECT / ".chalice" / "resources.json").read_text())
    made = {name: it for name, it in whole["Resources"].items() if it["Type"] in _MADE}
    return json.dumps({**whole, "Resources": made})
