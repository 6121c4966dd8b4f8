"""The policy of whoever deploys: it covers what deploying asks for and what the templates make."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from deploy import deploy, stacks
from local import stage
from tests.support.policies import Call, allows

POLICY = json.loads((stage.PROJECT / "deploy" / "policy-deployer.json").read_text())
#: The most characters that IAM takes in a managed policy; it does not count whitespace.
MOST = 6144
ROOT = "arn:aws:{}:eu-central-1:123456789012:{}"

#: What CloudFormation does, with the rights of whoever deploys, for each type of a resource: to
#: make, change, look at and delete it. Then an ARN of one, after the service.
MAKES: dict[str, tuple[str, str]] = {
    "AWS::ApiGateway::Account": ("GET PATCH", "apigateway:/account"),
    "AWS::Budgets::Budget": ("ModifyBudget ViewBudget", "budgets:budget/hoststat-prod"),
    "AWS::CloudWatch::Alarm": (
        "DeleteAlarms DescribeAlarms PutMetricAlarm",
        "cloudwatch:alarm:hoststat-prod-ApiErrors-1",
    ),
    "AWS::CloudWatch::Dashboard": (
        "DeleteDashboards GetDashboard PutDashboard",
        "cloudwatch:dashboard/hoststat-prod",
    ),
    "AWS::DynamoDB::Table": (
        "CreateTable DeleteTable DescribeContinuousBackups DescribeTable DescribeTimeToLive "
        "UpdateContinuousBackups UpdateTable UpdateTimeToLive",
        "dynamodb:table/hoststat-prod-tasks",
    ),
    "AWS::Events::Rule": (
        "DeleteRule DescribeRule ListTargetsByRule PutRule PutTargets RemoveTargets",
        "events:rule/hoststat-prod-SweepEvent-1",
    ),
    "AWS::IAM::Role": (
        "AttachRolePolicy CreateRole DeleteRole DeleteRolePolicy DetachRolePolicy GetRole "
        "GetRolePolicy PutRolePolicy TagRole UpdateAssumeRolePolicy",
        "iam:role/hoststat-prod-SweepRole-1",
    ),
    "AWS::Lambda::EventSourceMapping": (
        "CreateEventSourceMapping DeleteEventSourceMapping GetEventSourceMapping "
        "UpdateEventSourceMapping",
        "lambda:event-source-mapping:1",
    ),
    "AWS::Lambda::Permission": (
        "AddPermission GetPolicy RemovePermission",
        "lambda:function:hoststat-prod-sweep",
    ),
    "AWS::Logs::LogGroup": (
        "CreateLogGroup DeleteLogGroup PutRetentionPolicy",
        "logs:log-group:/aws/lambda/hoststat-prod-sweep",
    ),
    "AWS::Logs::MetricFilter": (
        "DeleteMetricFilter PutMetricFilter",
        "logs:log-group:/aws/lambda/hoststat-prod",
    ),
    "AWS::SQS::Queue": (
        "CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl SetQueueAttributes",
        "sqs:hoststat-prod-host-web-1",
    ),
    "AWS::Serverless::Api": ("DELETE GET PATCH POST PUT", "apigateway:/restapis/1/stages/api"),
    "AWS::Serverless::Function": (
        "CreateFunction DeleteFunction GetFunction PutFunctionConcurrency "
        "PutFunctionRecursionConfig TagResource UpdateFunctionCode UpdateFunctionConfiguration",
        "lambda:function:hoststat-prod-sweep",
    ),
    "AWS::WAFv2::WebACL": (
        "CreateWebACL DeleteWebACL GetWebACL UpdateWebACL",
        "wafv2:regional/webacl/hoststat-prod/1",
    ),
    "AWS::WAFv2::WebACLAssociation": (
        "AssociateWebACL DisassociateWebACL GetWebACLForResource",
        "wafv2:regional/webacl/hoststat-prod/1",
    ),
}
#: What SAM makes of events of a function.
OF_EVENTS = {
    "SQS": {"AWS::Lambda::EventSourceMapping"},
    "Schedule": {"AWS::Events::Rule", "AWS::Lambda::Permission"},
}
#: Operations whose action has another name, and one that everybody may do.
ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "apigateway:GetAccount": "apigateway:GET",
    "sts:GetCallerIdentity": None,
}
#: ARNs of what such a request is about.
ABOUT = {
    "apigateway": "/account",
    "cloudformation": "stack/hoststat-prod-data/1",
    "dynamodb": "table/hoststat-prod-tasks",
    "s3": "hoststat-artefacts-123456789012-eu-central-1",
}


def may(action: str, resource: str, **context: str) -> bool:
    asked = {f"iam:{key}": (value,) for key, value in context.items()}
    return allows(POLICY, Call(action, resource, asked), {})


def arn(service: str, rest: str) -> str:
    """Give an ARN; some services leave the account or the region out of theirs."""
    whole = ROOT.format(service, rest)
    if service == "apigateway":
        return whole.replace("123456789012", "")
    if service == "s3":
        return f"arn:aws:s3:::{rest}"
    return whole.replace("eu-central-1", "") if service in ("iam", "budgets") else whole


def types(template: Any) -> set[str]:
    events = (
        event["Type"]
        for it in template["Resources"].values()
        for event in it.get("Properties", {}).get("Events", {}).values()
    )
    made = {it["Type"] for it in template["Resources"].values()}
    return made.union(*(OF_EVENTS[event] for event in events))


def test_it_covers_each_type_of_resource_of_the_templates(dist: Path, data: Any) -> None:
    there = types(json.loads((dist / "sam.json").read_text())) | types(data)
    assert there <= set(MAKES)
    for kind in there:
        actions, about = MAKES[kind]
        service, _, rest = about.partition(":")
        resource = arn(service, rest)
        if kind.endswith("Dashboard"):
            resource = resource.replace("eu-central-1", "")
        refused = [it for it in actions.split() if not may(f"{service}:{it}", resource)]
        assert (kind, refused) == (kind, [])


def test_it_covers_the_calls_that_deploying_makes(
    cloud: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacks, "_LOOK", 0)
    asked = set[str]()

    def hear(model: Any, **_: Any) -> None:
        asked.add(f"{model.service_model.service_name}:{model.name}")

    session = boto3.setup_default_session() or boto3._get_default_session()
    session.events.register("before-call", hear)
    client = boto3.client("cloudformation")
    deploy.access_log(boto3.client("apigateway"), {}, {})
    bucket = deploy.artefacts(None)
    deploy._upload(bucket, b"a zip", ".zip")
    assert deploy.deploy_data("prod", {}) is True
    stacks.outputs(client, "hoststat-prod-data")
    stacks.delete(client, "hoststat-prod-data")
    boto3.setup_default_session()
    assert {"s3:CreateBucket", "s3:PutObject", "cloudformation:DeleteStack"} <= asked
    for operation in asked:
        action = ACTIONS.get(operation, operation)
        service = operation.partition(":")[0]
        if action:
            resource = arn(service, ABOUT[service])
            resource += "/hoststat/1.zip" if operation.endswith("Object") else ""
            assert may(action, resource), operation


@pytest.mark.parametrize("service", ["lambda", "apigateway"])
def test_roles_are_handed_to_the_services_that_need_them(service: str) -> None:
    role = arn("iam", "role/hoststat-prod-SweepRole-1")
    assert may("iam:PassRole", role, PassedToService=f"{service}.amazonaws.com")
    assert not may("iam:PassRole", role, PassedToService="ec2.amazonaws.com")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:DeleteTable", arn("dynamodb", "table/others")),
        ("dynamodb:GetItem", arn("dynamodb", "table/hoststat-prod-users")),
        ("iam:PutRolePolicy", arn("iam", "role/admin")),
        ("iam:PassRole", arn("iam", "role/admin")),
        ("lambda:UpdateFunctionCode", arn("lambda", "function:others")),
        ("s3:GetObject", arn("s3", "others/secret")),
        ("cloudformation:DeleteStack", arn("cloudformation", "stack/others/1")),
    ],
)
def test_it_allows_nothing_with_what_is_not_hoststats(action: str, resource: str) -> None:
    assert not may(action, resource)


def test_iam_takes_it_as_it_is() -> None:
    assert len(json.dumps(POLICY, separators=(",", ":"))) < MOST
