"""``make deploy``: brings a stage to what is in this directory, by CloudFormation."""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy import stacks
from deploy.package import Failed, check, package
from local import stage

#: Settings of a stage that are parameters of its stacks, by their variables.
_PARAMETERS = {"LAMBDA_WORKER": "LambdaWorker", "ALARM_TOPIC": "AlarmTopic"}


def data_stack(name: str) -> str:
    """The stack with a stage's tables and queues."""
    return f"hoststat-{name}-data"


def app_stack(name: str) -> str:
    """The stack with a stage's functions and its API."""
    return f"hoststat-{name}"


def deploy_data(name: str, given: Mapping[str, str], *, protected: bool = True) -> bool:
    """Make a stage's tables and queues, or change them; whether anything had to change.

    `given` are parameters of its template. Raises Failed.
    """
    template = json.loads((stage.PROJECT / ".chalice" / "resources.json").read_text())
    given = {**given, "Stage": name, "Protected": str(protected).lower()}
    return stacks.apply(boto3.client("cloudformation"), data_stack(name), template, given)


def deploy_app(
    name: str,
    folder: Path,
    given: Mapping[str, str],
    bucket: str,
    environ: Mapping[str, str] | None = None,
) -> bool:
    """Package a stage into `folder`, and make or change its functions and its API; whether
    anything had to change.

    `given` are parameters of its template, `environ` settings beside those of the stage. Raises
    Failed.
    """
    print(f"Packaging {name} ...", flush=True)
    template = json.loads(package(name, folder).read_text())
    code = folder / "deployment.zip"
    uri = f"s3://{bucket}/{_upload(bucket, code.read_bytes(), '.zip')}"
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = uri
            resource["Properties"]["Environment"]["Variables"] |= environ or {}
    key = _upload(bucket, json.dumps(template).encode(), ".json")
    url = boto3.client("s3").generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": key}
    )
    client = boto3.client("cloudformation")
    return stacks.apply(client, app_stack(name), template, given, url.partition("?")[0])


def artefacts(named: str | None) -> str:
    """The bucket for what is deployed: the one that is named, or one that is made."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    client = boto3.client("s3")
    bucket = named or f"hoststat-artefacts-{account}-{client.meta.region_name}"
    if named is None and not _is_there(client.head_bucket, Bucket=bucket):
        print(f"Making the bucket {bucket} ...", flush=True)
        region = client.meta.region_name
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        client.create_bucket(Bucket=bucket, **({} if region == "us-east-1" else where))
    return bucket


def _upload(bucket: str, content: bytes, suffix: str) -> str:
    """Keep `content` in the bucket by a name of its own, and give that."""
    key = f"hoststat/{hashlib.sha256(content).hexdigest()}{suffix}"
    client = boto3.client("s3")
    if not _is_there(client.head_object, Bucket=bucket, Key=key):
        print(f"Uploading {len(content) / 1e6:.1f} MB ...", flush=True)
        client.put_object(Bucket=bucket, Key=key, Body=content)
    return key


def _is_there(head: Any, **what: str) -> bool:
    try:
        head(**what)
    except ClientError as exc:
        if exc.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return False
    return True


def main() -> int:
    """Deploy ``STAGE``; give the exit code."""
    name = os.environ.get("STAGE", "")
    given = {key: os.environ[it] for it, key in _PARAMETERS.items() if it in os.environ}
    try:
        check(name)
        bucket = artefacts(os.environ.get("ARTEFACTS"))
        topic = {key: it for key, it in given.items() if key == "AlarmTopic"}
        changed = deploy_data(name, topic)
        changed |= deploy_app(name, stage.PROJECT / "dist" / name, given, bucket)
    except (Failed, BotoCoreError, ClientError) as failed:
        print(f"hoststat: {failed}", file=sys.stderr)
        return 1
    found = stacks.outputs(boto3.client("cloudformation"), app_stack(name))
    print(f"{name} is {'deployed' if changed else 'as it was'}: {found['EndpointURL']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
