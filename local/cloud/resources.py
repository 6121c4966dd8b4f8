"""The tables and queues of the local stage."""

import boto3

from local import stage


def make_resources() -> None:
    """Make the data stack of the local stage in the cloud that the environment names."""
    template = (stage.PROJECT / ".chalice" / "resources.json").read_text()
    client = boto3.client("cloudformation")
    client.create_stack(
        StackName=f"hoststat-{stage.LOCAL}-data",
        TemplateBody=template,
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": stage.LOCAL}],
    )
