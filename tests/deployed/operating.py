"""What operators do with a deployed stage, and see of it: v1 and v2 closed, an alarm that fires."""

import json
import os
import subprocess
import sys
import time
from typing import Any

import boto3
import requests

from deploy import stacks
from deploy.deploy import app_stack
from deploy.package import Failed
from local import stage

#: The name of the topic, and of the queue that gets what it is told.
_ALARMS = "alarms"
#: Seconds until an alarm must have been told, and that a deployment may take.
_TOLD, _DEPLOY = 60, 300
#: What each path answers while v1 and v2 are closed: that of v3 asks for a login.
_CLOSED = {
    "/v1/uptime": 403,
    "/v1/iostat": 403,
    "/v2/": 403,
    "/v2/iostat": 403,
    "/v2/task/1": 403,
    "/": 200,
    "/health": 200,
    "/v3/": 200,
    "/v3/iostat": 401,
}


def host_of(api: str) -> str:
    """Give the host name by which the emulator's gateway finds an API."""
    return f"{api}.execute-api.localhost"


def make_topic() -> str:
    """Make a topic for alarms, and give its ARN."""
    client = boto3.client("sns")
    arn: str = client.create_topic(Name=_ALARMS)["TopicArn"]
    policy = _policy("cloudwatch.amazonaws.com", "sns:Publish", arn)
    client.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return arn


def _policy(service: str, action: str, resource: str) -> str:
    allow = {"Effect": "Allow", "Principal": {"Service": service}}
    statement = {**allow, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def check_alarm(topic: str, name: str) -> None:
    """Let the worker of v2 fail: its alarm must tell the topic. Raises Failed."""
    print("An alarm ...", flush=True)
    sqs, arn = boto3.client("sqs"), topic.replace(":sns:", ":sqs:")
    policy = _policy("sns.amazonaws.com", "sqs:SendMessage", arn)
    url = sqs.create_queue(QueueName=_ALARMS, Attributes={"Policy": policy})["QueueUrl"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    function = _resource(name, "RunOpenIostat")
    # No message of SQS looks like this.
    boto3.client("lambda").invoke(FunctionName=function, Payload=b'{"Records": [{}]}')
    alarm, deadline = _resource(name, "OpenWorkerErrors"), time.monotonic() + _TOLD
    while time.monotonic() < deadline:
        _let_the_emulator_look()
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            told = json.loads(json.loads(message["Body"])["Message"])
            if (told["AlarmName"], told["NewStateValue"]) == (alarm, "ALARM"):
                return
    raise Failed(f"Nobody was told that {alarm} went off.")


def _let_the_emulator_look() -> None:
    """Send a metric: only then does the emulator compare metrics with their alarms."""
    metric = {"MetricName": "Looked", "Value": 1}
    boto3.client("cloudwatch").put_metric_data(Namespace="rehearsal", MetricData=[metric])


def check_closed(url: str, name: str) -> None:
    """Close v1 and v2 as an operator does, and ask for all paths. Raises Failed."""
    print("OPEN=off ...", flush=True)
    said = subprocess.run(
        [sys.executable, "-m", "deploy.deploy"],
        cwd=stage.PROJECT,
        env={**os.environ, "STAGE": name, "OPEN": "off"},
        capture_output=True,
        text=True,
        check=False,
        timeout=_DEPLOY,
    )
    if said.returncode or "v1 and v2 are closed." not in said.stdout:
        raise Failed(f"OPEN=off make deploy: {said.stdout}{said.stderr}")
    api = stacks.outputs(boto3.client("cloudformation"), app_stack(name))["RestAPIId"]
    _obey(name, api)
    headers = {"Host": host_of(api)}
    found = {
        path: requests.get(f"{url}/api{path}", headers=headers, timeout=30).status_code
        for path in _CLOSED
    }
    if found != _CLOSED:
        raise Failed(f"With OPEN=off the answers are {found}.")


def _obey(name: str, api: str) -> None:
    """Give the emulator the policy of the stage: it does not read it out of the description."""
    client = boto3.client("cloudformation")
    asked = {"StackName": app_stack(name), "TemplateStage": "Processed"}
    template: Any = client.get_template(**asked)["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else template
    body = template["Resources"]["RestAPI"]["Properties"]["Body"]
    policy = json.dumps(body["x-amazon-apigateway-policy"])
    patch = {"op": "replace", "path": "/policy", "value": policy}
    boto3.client("apigateway").update_rest_api(restApiId=api, patchOperations=[patch])


def _resource(name: str, key: str) -> str:
    """Give the name of a resource of the stage's stack."""
    found = boto3.client("cloudformation").describe_stack_resource(
        StackName=app_stack(name), LogicalResourceId=key
    )
    physical: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return physical
