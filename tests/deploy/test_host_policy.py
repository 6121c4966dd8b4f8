"""The policy of hosts: each can do what its worker does, and nothing of another host's.

No emulator of AWS evaluates conditions, so `tests.support.policies` does. The calls are those that
a worker makes here.
"""

import json
from typing import Any

import boto3
import pytest

from chalicelib.bootstrap import parts
from chalicelib.hosts import model
from chalicelib.measure.model import Window
from chalicelib.tasks.model import LOGIN_VERSION, State, What
from local import staffing, stage
from local.naming import Name
from local.systemd import Systemd
from tests.support.policies import Call, allows

CHALICE = stage.PROJECT / ".chalice"
POLICY = json.loads((CHALICE / "policy-prod-host.json").read_text())
TAG = "aws:PrincipalTag/hoststat-host"
#: Who none of web-1's calls may be allowed to: others, one whose name is the beginning of it, one
#: whose name begins with it, and somebody without a tag.
OTHERS: list[dict[str, str]] = [{TAG: "db-1"}, {TAG: "web"}, {TAG: "web-1-b"}, {}]
#: The partition key of each table.
KEYS = {"tasks": "task_id", "reports": "task_id", "hosts": "host", "users": "kind", "keys": "key"}
TASK = "web-1~00000000-0000-4000-8000-000000000000"


def table(name: str) -> str:
    return f"arn:aws:dynamodb:eu-central-1:123456789012:table/hoststat-prod-{name}"


def queue(name: str) -> str:
    return f"arn:aws:sqs:eu-central-1:123456789012:hoststat-prod-{name}"


def of_dynamodb(operation: str, asked: dict[str, Any]) -> list[Call]:
    """Give what IAM sees of a request to DynamoDB: its keys, and every attribute that it names."""
    found = []
    requests = asked.get("RequestItems") or {asked.get("TableName"): asked}
    for whole, request in requests.items():
        name = whole.removeprefix("hoststat-prod-")
        keys = request.get("Keys") or [request.get("Key") or request.get("Item") or {}]
        leading = tuple(it[KEYS[name]]["S"] for it in keys if KEYS[name] in it)
        named = {*request.get("ExpressionAttributeNames", {}).values(), *request.get("Item", {})}
        named.update(*(request.get("Keys") or [request.get("Key", {})]))
        context = {"dynamodb:Attributes": tuple(sorted(named))}
        context |= {"dynamodb:LeadingKeys": leading} if leading else {}
        index = f"/index/{request['IndexName']}" if "IndexName" in request else ""
        found.append(Call(f"dynamodb:{operation}", table(name) + index, context))
    return found


def of_sqs(operation: str, asked: dict[str, Any]) -> list[Call]:
    name = asked.get("QueueName") or asked["QueueUrl"].rpartition("/")[2]
    short = name.removeprefix("hoststat-prod-")
    # A batch needs no permission of its own.
    return [Call(f"sqs:{operation.removesuffix('Batch')}", queue(short))]


def listen(client: Any, read: Any, heard: list[Call]) -> None:
    service = client.meta.service_model.service_name

    def hear(params: dict[str, Any], model: Any, **_: Any) -> None:
        heard.extend(read(model.name, params))

    client.meta.events.register(f"provide-client-params.{service}.*", hear)


@pytest.fixture
def calls(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Give the calls of a worker of web-1: its polls, a window with a hand-over, an uptime."""
    monkeypatch.setenv("STAGE", "prod")
    boto3.client("cloudformation").create_stack(
        StackName="hoststat-prod-data",
        TemplateBody=(CHALICE / "resources.json").read_text(),
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "prod"}],
    )
    parts.hosts.add("web-1", by="root")
    for_web_1: dict[str, Any] = {"host": "web-1", "owner": "root", "start_within": 600}
    ids = [
        parts.tasks.create(LOGIN_VERSION, Window(count, 1), what=what, **for_web_1)
        for what, count in ((What.IOSTAT, 3), (What.UPTIME, 1))
    ]
    parts.reset(own_name="web-1")
    heard, own = list[Call](), parts.host_receivers.of("web-1")
    listen(parts.dynamodb, of_dynamodb, heard)
    for client in (parts.sqs, own._client):
        listen(client, of_sqs, heard)
    for message in own.receive(10, 0):
        own.put_back(message)
    messages = own.receive(10, 0)
    for message in messages:
        # In so little time it hands the window over. Then it takes it up again.
        parts.worker.take(message["Body"], seconds=30)
        parts.worker.take(message["Body"])
    own.acknowledge(messages)
    # The keeper looks for cancelled windows, on a thread of its own.
    assert {it.state for it in parts.task_store.get_many(ids)} == {State.SUCCESS}
    be_present()
    return heard


def be_present() -> None:
    """Take the name, look for the row, be refused as a clone, and say goodbye."""
    presence, clone = (staffing.staff(Name("web-1", shares=False), Systemd("")) for _ in "12")
    assert presence.presence
    assert clone.presence
    clone.presence._session = "another"
    presence.presence.failed()
    presence.presence.answered()
    clone.presence.answered()
    presence.say_goodbye()
    assert clone.presence.problem


def test_a_host_may_do_all_that_its_worker_does(calls: list[Call]) -> None:
    refused = [it for it in calls if not allows(POLICY, it, {TAG: "web-1"})]
    assert (refused, bool(calls)) == ([], True)


@pytest.mark.parametrize("who", OTHERS, ids=str)
def test_nobody_else_may_do_any_of_it(calls: list[Call], who: dict[str, str]) -> None:
    assert [it for it in calls if allows(POLICY, it, who)] == []


def test_nothing_is_granted_that_the_worker_does_not_use(calls: list[Call]) -> None:
    granted = {
        (action, resource.replace(f"${{{TAG}}}", "web-1").rpartition(":")[2])
        for statement in POLICY["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert {(it.action, it.resource.rpartition(":")[2]) for it in calls} == granted


def asks(operation: str, **asked: Any) -> Call:
    (call,) = of_dynamodb(operation, asked)
    return call


def updates(name: str, key: str, *attributes: str) -> Call:
    names = {f"#{it}": it for it in attributes}
    key_of = {KEYS[name]: {"S": key}}
    whole = f"hoststat-prod-{name}"
    return asks("UpdateItem", TableName=whole, Key=key_of, ExpressionAttributeNames=names)


def reads(*ids: str) -> Call:
    wanted = {"hoststat-prod-tasks": {"Keys": [{"task_id": {"S": it}} for it in ids]}}
    return asks("BatchGetItem", RequestItems=wanted)


@pytest.mark.parametrize("call", [updates("tasks", TASK, "state"), reads(TASK, TASK)])
def test_its_own_tasks_are_its_own(call: Call) -> None:
    assert allows(POLICY, call, {TAG: "web-1"})


@pytest.mark.parametrize(
    "call",
    [
        updates("tasks", TASK, "state", "owner"),
        updates("tasks", TASK, "version"),
        updates("tasks", TASK, "listed"),
        updates("tasks", "00000000-0000-4000-8000-000000000000", "state"),
        updates("hosts", "web-1", "added_at"),
        updates("hosts", "web-1", "seen_at", "listed"),
        updates("hosts", "db-1", "seen_at"),
        reads(TASK, TASK.replace("web-1", "db-1")),
        asks("BatchGetItem", RequestItems={"hoststat-prod-tasks": {"Keys": []}}),
        asks("DeleteItem", TableName="hoststat-prod-tasks", Key={"task_id": {"S": TASK}}),
        asks("GetItem", TableName="hoststat-prod-users", Key={"kind": {"S": "user"}}),
        asks("PutItem", TableName="hoststat-prod-hosts", Item={"host": {"S": "web-1"}}),
        asks("Query", TableName="hoststat-prod-tasks", IndexName="listed"),
        asks("Query", TableName="hoststat-prod-reports"),
        asks("Scan", TableName="hoststat-prod-hosts"),
        asks("UpdateItem", TableName="hoststat-prod-tasks"),
        Call("dynamodb:UpdateItem", table("tallies"), {"dynamodb:LeadingKeys": ("web-1",)}),
        Call("sqs:CreateQueue", queue("host-web-1")),
        Call("sqs:DeleteQueue", queue("host-web-1")),
        Call("sqs:ReceiveMessage", queue("host-db-1")),
        Call("sqs:SendMessage", queue("host-db-1")),
        Call("sqs:SendMessage", queue("tasks")),
        Call("iam:PassRole", "arn:aws:iam::123456789012:role/hoststat-prod-host-web-1"),
    ],
    ids=str,
)
def test_what_a_host_that_was_taken_over_cannot_do(call: Call) -> None:
    assert not allows(POLICY, call, {TAG: "web-1"})


def test_a_worker_without_a_name_leaves_notes_and_changes_no_row_of_a_host() -> None:
    shared = json.loads((CHALICE / "policy-prod-shared-worker.json").read_text())
    assert allows(shared, updates("hosts", "~a worker", "seen_at"), {})
    assert not allows(shared, updates("hosts", "web-1", "seen_at"), {})
    assert not allows(shared, asks("UpdateItem", TableName="hoststat-prod-hosts"), {})


class TestRole:
    """The role of a host, in ``deploy/host.json``."""

    TEMPLATE = json.loads((stage.PROJECT / "deploy" / "host.json").read_text())
    ROLE = TEMPLATE["Resources"]["Role"]["Properties"]
    ANCHOR = "arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/1"

    def trusted(self, certificate: str, anchor: str) -> bool:
        """Tell whether the trust policy lets a certificate become web-1."""
        ((_, _, elsewhere),) = (
            it["Fn::If"] for it in self.ROLE["AssumeRolePolicyDocument"]["Statement"]
        )
        text = json.dumps(elsewhere).replace('{"Ref": "Host"}', '"web-1"')
        statement = json.loads(text.replace('{"Ref": "TrustAnchor"}', json.dumps(self.ANCHOR)))
        who = {"aws:PrincipalTag/x509Subject/CN": certificate, "aws:SourceArn": anchor}
        return allows(
            {"Statement": [statement | {"Resource": "*"}]}, Call("sts:AssumeRole", "*"), who
        )

    def test_its_tag_is_the_name(self) -> None:
        assert self.ROLE["Tags"] == [{"Key": "hoststat-host", "Value": {"Ref": "Host"}}]

    def test_elsewhere_the_certificate_must_bear_the_name_and_be_of_our_authority(self) -> None:
        assert self.trusted("web-1", self.ANCHOR)
        assert not self.trusted("db-1", self.ANCHOR)
        assert not self.trusted("web-1", self.ANCHOR.replace("/1", "/2"))

    def test_ec2_can_hand_it_to_machines_only_without_tags_of_their_own(self) -> None:
        """A tag of a session would win over that of the role."""
        ((_, in_ec2, _),) = (
            it["Fn::If"] for it in self.ROLE["AssumeRolePolicyDocument"]["Statement"]
        )
        assert (in_ec2["Principal"], in_ec2["Action"]) == (
            {"Service": "ec2.amazonaws.com"},
            "sts:AssumeRole",
        )

    def test_the_names_that_it_takes_are_those_of_hosts(self) -> None:
        pattern = self.TEMPLATE["Parameters"]["Host"]["AllowedPattern"]
        assert f"^{pattern}$(?!\\n)" == model.NAME
