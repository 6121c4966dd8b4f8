"""``make deploy``: creates or updates a stage from this directory, by CloudFormation."""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from deploy import closing, indexes, stacks
from deploy.package import Failed, check, package
from local import stage

#: Environment variables that are parameters of the stacks, and the names of those parameters.
_PARAMETERS = {
    "ACCESS_LOG": "AccessLog",
    "ALARM_TOPIC": "AlarmTopic",
    "BUDGET": "Budget",
    "LAMBDA_WORKER": "LambdaWorker",
    "OPEN": "Open",
    "RESERVED": "Reserved",
    "WAF": "Waf",
}
_NO_ACCESS_LOG = (
    "API Gateway has no role here to write an access log with. ACCESS_LOG=role makes one, for all "
    "APIs of this account and region."
)


def data_stack(name: str) -> str:
    """Give the name of the stack with a stage's tables and queues."""
    return f"hoststat-{name}-data"


def app_stack(name: str) -> str:
    """Give the name of the stack with a stage's functions and its API."""
    return f"hoststat-{name}"


def deploy_data(name: str, given: Mapping[str, str], *, protected: bool = True) -> bool:
    """Create or update a stage's tables and queues; tell whether anything had to change.

    `given` are parameters of its template. Raises Failed.
    """
    template = json.loads((stage.PROJECT / ".chalice" / "resources.json").read_text())
    client, stack = boto3.client("cloudformation"), data_stack(name)
    given = {**given, "Stage": name}
    made = False
    if stacks.status(client, stack) is None:
        # No protection yet: if this first try fails, CloudFormation must delete what it has made.
        made = stacks.apply(client, stack, template, {**given, "Protected": "false"})
    given["Protected"] = str(protected).lower()
    # DynamoDB adds one index to a table at a time, and CloudFormation does not wait in between.
    for step in indexes.in_turn(template, indexes.made(template, name)):
        made |= stacks.apply(client, stack, step, given)
    return made


def deploy_app(
    name: str,
    folder: Path,
    given: Mapping[str, str],
    bucket: str,
    environ: Mapping[str, str] | None = None,
    change: Callable[[dict[str, Any]], None] = lambda template: None,
) -> bool:
    """Package a stage into `folder`, and create or update its functions and its API.

    Tells whether anything had to change. `given` are parameters of its template, `environ` are
    settings that are added to those of the stage, and `change` may change the template. Raises
    Failed.
    """
    print(f"Packaging {name} ...", flush=True)
    template = json.loads(package(name, folder).read_text())
    change(template)
    code = folder / "deployment.zip"
    uri = f"s3://{bucket}/{_upload(bucket, code.read_bytes(), '.zip')}"
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = uri
            resource["Properties"]["Environment"]["Variables"] |= environ or {}
    url = _url(bucket, _upload(bucket, json.dumps(template).encode(), ".json"))
    return stacks.apply(boto3.client("cloudformation"), app_stack(name), template, given, url)


def access_log(gateway: Any, given: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    """Give the parameter of the access log, as far as it is not to stay as it is.

    `given` are the parameters that somebody named, `stored` those of the stack. Without a word,
    a new stage has the log if API Gateway has a role to write it. Raises Failed if the log was
    asked for and there is no such role.
    """
    asked = given.get("AccessLog")
    if asked in ("off", "role") or (asked is None and "AccessLog" in stored):
        return {}
    if gateway.get_account().get("cloudwatchRoleArn"):
        return {"AccessLog": "on"}
    if asked:
        raise Failed(f"{_NO_ACCESS_LOG} ACCESS_LOG=off goes without.")
    print(f"No access log: {_NO_ACCESS_LOG}", flush=True)
    return {"AccessLog": "off"}


def artefacts(named: str | None) -> str:
    """Give the bucket for what is deployed: the one that is named, or ours, made if necessary."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    client = boto3.client("s3")
    region = client.meta.region_name
    bucket = named or f"hoststat-artefacts-{account}-{region}"
    # If somebody else owned a bucket of that name, they could change what is deployed.
    ours = {"Bucket": bucket, "ExpectedBucketOwner": account}
    if named is None and not _is_there(client.head_bucket, **ours):
        print(f"Making the bucket {bucket} ...", flush=True)
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        client.create_bucket(Bucket=bucket, **({} if region == "us-east-1" else where))
        client.head_bucket(**ours)
    return bucket


def _upload(bucket: str, content: bytes, suffix: str) -> str:
    """Store `content` in the bucket, named by its digest, and give that name."""
    key = f"hoststat/{hashlib.sha256(content).hexdigest()}{suffix}"
    client = boto3.client("s3")
    if not _is_there(client.head_object, Bucket=bucket, Key=key):
        print(f"Uploading {len(content) / 1e6:.1f} MB ...", flush=True)
        client.put_object(Bucket=bucket, Key=key, Body=content)
    return key


def _url(bucket: str, key: str) -> str:
    """Give the URL in the region's own S3, which CloudFormation accepts in all regions."""
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    signed: str = boto3.client("s3", config=config).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": key}
    )
    return signed.partition("?")[0]


def _is_there(head: Any, **what: str) -> bool:
    try:
        head(**what)
    except ClientError as exc:
        # For a missing object S3 answers 403, not 404, if we may not list the bucket.
        if exc.response["ResponseMetadata"]["HTTPStatusCode"] not in (403, 404):
            raise
        return False
    return True


def main() -> int:
    """Deploy ``STAGE``; give the exit code."""
    name = os.environ.get("STAGE", "")
    given = {key: os.environ[it] for it, key in _PARAMETERS.items() if it in os.environ}
    try:
        check(name)
        client = boto3.client("cloudformation")
        stored = stacks.parameters(client, app_stack(name))
        given |= access_log(boto3.client("apigateway"), given, stored)
        bucket = artefacts(os.environ.get("ARTEFACTS"))
        opened = closing.is_open(given, stored)
        topic = {key: it for key, it in given.items() if key == "AlarmTopic"}
        changed = deploy_data(name, topic)
        folder, change = stage.PROJECT / "dist" / name, partial(closing.write_policy, opened=opened)
        changed |= deploy_app(name, folder, given, bucket, change=change)
    except NoRegionError:
        print(f"hoststat: {stage.NO_REGION}", file=sys.stderr)
        return 1
    except (Failed, BotoCoreError, ClientError) as failed:
        print(f"hoststat: {failed}", file=sys.stderr)
        return 1
    found = stacks.outputs(client, app_stack(name))
    print(f"{name} is {'deployed' if changed else 'as it was'}: {found['EndpointURL']}")
    print(f"v1 and v2 are {'open to everybody' if opened else 'closed'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
