"""``make destroy``: deletes a stage; its data only with ``DATA=delete``."""

import os
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from deploy import stacks
from deploy.deploy import app_stack, data_stack, deploy_data
from deploy.package import Failed, check
from local import stage


def destroy(name: str, *, data: bool) -> None:
    """Delete a stage's functions and API; with `data` also its tables and queues. Raises Failed."""
    client = boto3.client("cloudformation")
    # First of all, so that nobody makes queues of hosts again.
    stacks.delete(client, app_stack(name))
    if data:
        delete_queues_of_hosts(name)
        if stacks.status(client, data_stack(name)) in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            # Protected tables cannot be deleted, so we end the protection first.
            deploy_data(name, {}, protected=False)
        stacks.delete(client, data_stack(name))
    else:
        print(f"{data_stack(name)}: left as it is; DATA=delete deletes it, too")


def delete_queues_of_hosts(name: str) -> None:
    """Delete the queues of a stage's hosts: the API has made them, so no stack has them."""
    client = boto3.client("sqs")
    pages = client.get_paginator("list_queues").paginate(
        QueueNamePrefix=f"hoststat-{name}-host-", PaginationConfig={"PageSize": 1000}
    )
    urls = [url for page in pages for url in page.get("QueueUrls", [])]
    for url in urls:
        client.delete_queue(QueueUrl=url)
    if urls:
        print(f"Deleted the queues of {len(urls)} hosts", flush=True)


def main() -> int:
    """Destroy ``STAGE`` after asking; give the exit code."""
    name, data = os.environ.get("STAGE", ""), os.environ.get("DATA") == "delete"
    try:
        check(name)
        if os.environ.get("DATA", "delete") != "delete":
            # On a laptop DATA is the folder of `make service`: nobody may lose data by a mix-up.
            raise Failed("DATA must be 'delete' here, or not be set.")
    except Failed as failed:
        print(f"hoststat: {failed}", file=sys.stderr)
        return 1
    what = "the API, the functions and ALL DATA" if data else "the API and the functions"
    print(f"This deletes {what} of the stage {name}. Type its name to go on: ", end="", flush=True)
    if sys.stdin.readline().strip() != name:
        print("Nothing was deleted.")
        return 1
    try:
        destroy(name, data=data)
    except NoRegionError:
        print(f"hoststat: {stage.NO_REGION}", file=sys.stderr)
        return 1
    except (Failed, BotoCoreError, ClientError) as failed:
        print(f"hoststat: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
