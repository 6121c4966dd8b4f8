"""Policies: each grants exactly the actions that its function uses."""

import json
from typing import Any

import boto3
import pytest
from chalice.local import LambdaContext

import app
from chalicelib import ids
from chalicelib.bootstrap import parts
from chalicelib.measure.model import Window
from chalicelib.tasks.group import Group
from chalicelib.tasks.model import What
from local import stage
from tests.support.asking import (
    JSON,
    ask,
    ask_group,
    ask_host,
    ask_task,
    ask_user,
    basic,
    drain,
    sqs_event,
)

CHALICE = stage.PROJECT / ".chalice"
PASSWORD = "secret of the policies"
ROOT = basic("root", PASSWORD)

Used = set[tuple[str, str]]

#: What Lambda itself does for a function: it writes the log and takes the messages.
OF_LAMBDA = {
    ("logs:CreateLogStream", "/aws/lambda/hoststat-prod*"),
    ("logs:PutLogEvents", "/aws/lambda/hoststat-prod*"),
}
OF_MAPPING = ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
#: The queues by the version of the API, and the functions that take their messages.
QUEUES = {"v2": "hoststat-prod-open-tasks", "v3": "hoststat-prod-tasks"}
OF_HOSTS = "hoststat-prod-host-"
WORKERS = {"v2": ("open-worker", app.run_open_iostat), "v3": ("worker", app.run_iostat)}


def granted(policy: str) -> Used:
    """Give the actions that a policy grants, each with its resource."""
    statements = json.loads((CHALICE / f"policy-prod-{policy}.json").read_text())["Statement"]
    return {
        (action, resource.split(":", 5)[5].removeprefix("table/").removeprefix("log-group:"))
        for statement in statements
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def of_dynamodb(operation: str, asked: dict[str, Any]) -> Used:
    if operation == "TransactWriteItems":
        return {
            (f"dynamodb:{step}Item", what["TableName"])
            for it in asked["TransactItems"]
            for step, what in it.items()
        }
    if operation == "BatchGetItem":
        return {("dynamodb:BatchGetItem", table) for table in asked["RequestItems"]}
    index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
    return {(f"dynamodb:{operation}", asked["TableName"] + index)}


def of_sqs(operation: str, asked: dict[str, Any]) -> Used:
    name = asked.get("QueueName") or asked["QueueUrl"].rpartition("/")[2]
    if name.startswith(OF_HOSTS):
        # Nobody knows the names of hosts when the policy is written.
        name = f"{OF_HOSTS}*"
    # A batch needs no permission of its own.
    return {(f"sqs:{operation.removesuffix('Batch')}", name)}


@pytest.fixture(autouse=True)
def prod(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the stage prod, with an admin."""
    monkeypatch.setenv("STAGE", "prod")
    seconds = {"CANCEL": "1000", "HEARTBEAT": "1000", "LEASE": "9000", "SWEEP": "0.001"}
    for name, value in seconds.items():
        monkeypatch.setenv(f"{name}_SECONDS", value)
    boto3.client("cloudformation").create_stack(
        StackName="hoststat-prod-data",
        TemplateBody=(CHALICE / "resources.json").read_text(),
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "prod"}],
    )
    parts.users.make_admin("root", PASSWORD)


def listen() -> Used:
    """Start with new parts, as a new function does; give the actions that are used from now on."""
    used: Used = set()

    def ear(read: Any) -> Any:
        def hear(params: dict[str, Any], model: Any, **_: Any) -> None:
            used.update(read(model.name, params))

        return hear

    parts.reset()
    dynamodb = parts.dynamodb.meta.events
    dynamodb.register("provide-client-params.dynamodb.*", ear(of_dynamodb))
    parts.sqs.meta.events.register("provide-client-params.sqs.*", ear(of_sqs))
    for queue in parts.receivers.values():
        queue._client.meta.events.register("provide-client-params.sqs.*", ear(of_sqs))
    return used


def of_mapping(version: str) -> Used:
    return {(f"sqs:{action}", QUEUES[version]) for action in OF_MAPPING}


def submit(count: int, version: str = "v2") -> str:
    """Create a task. The test calls this before `listen`, so that its actions do not count."""
    asked = ask("POST", f"/{version}/iostat", headers=ROOT, count=str(count))
    task_id: str = asked.body["task_id"]
    return task_id


def test_the_api_uses_what_it_is_granted() -> None:
    task_id = ask("POST", "/v3/iostat", headers=ROOT).body["task_id"]
    ask_task("GET", task_id, version="v3", headers=ROOT)
    ask("GET", "/v3/task", headers=ROOT)
    ended = submit(3)
    two = submit(2)
    drain()
    used = listen()
    ask("POST", "/v2/iostat")
    ask("POST", "/v2/iostat", headers={"idempotency-key": "a-key"})
    ask("POST", "/v3/iostat", headers=ROOT)
    ask("GET", "/health", deep="1")
    ask_task("GET", ended)
    ask_task("GET", two)
    ask_task("DELETE", task_id)
    ask_task("DELETE", task_id, version="v3", headers=ROOT)
    ask("GET", "/v3/task", headers=ROOT)
    user = {"username": "jluser", "fullname": "J.", "password": PASSWORD, "admin": True}
    ask("POST", "/v3/users", headers={**ROOT, **JSON}, body=json.dumps(user))
    ask_user("PATCH", "jluser", headers={**ROOT, **JSON}, body='{"admin": false}')
    ask("GET", "/v3/users", headers=ROOT)
    ask("GET", "/v3/users", headers=basic("jluser", "secret guess"))
    ask("GET", "/v3/users", headers=basic("jluser", PASSWORD))
    ask_user("DELETE", "jluser", headers=ROOT)
    for method in ("PUT", "GET", "DELETE"):
        ask_host(method, "web-1", headers=ROOT)
    ask_host("PUT", "db-1", headers=ROOT)
    ask("POST", "/v3/iostat", headers=ROOT, host="db-1")
    asked = {**ROOT, **JSON, "idempotency-key": "a-key"}
    made = ask("POST", "/v3/group", headers=asked, body='{"hosts": ["db-*"]}')
    group_id = made.body["group_id"]
    ask_group("DELETE", group_id, headers=ROOT)
    # Reports of a group are read by their places.
    parts.task_store.reports_at([(task_id, 0)])
    ask("GET", "/v3/hosts", headers=ROOT)
    assert used | OF_LAMBDA == granted("api")


@pytest.mark.parametrize("version", WORKERS)
def test_each_worker_uses_what_it_is_granted(version: str) -> None:
    policy, function = WORKERS[version]
    task_id = submit(3, version)
    (message,) = parts.receivers[version].receive(10, 0)
    used = listen()
    # The first invocation has little time and hands the window over. The second one ends it.
    function(sqs_event(message), LambdaContext("run_iostat", 128, 100))
    # The keeper reads tasks to find cancelled ones. It does so on another thread, so we do it here.
    parts.task_store.get_many([task_id])
    function(sqs_event(message), LambdaContext("run_iostat", 128, 900_000))
    assert used | OF_LAMBDA | of_mapping(version) == granted(policy)


def test_the_sweeper_uses_what_it_is_granted() -> None:
    submit(3)
    submit(3, "v3")
    # A host that is online and has lost its queue.
    parts.hosts.add("web-1", by="root")
    parts.dynamodb.update_item(
        TableName="hoststat-prod-hosts",
        Key={"host": {"S": "web-1"}},
        UpdateExpression="SET seen_at = :now",
        ExpressionAttributeValues={":now": {"N": str(parts.clock.now())}},
    )
    ask("POST", "/v3/iostat", headers=ROOT, host="web-1")
    parts.host_queues.delete("web-1")
    # A group whose create was cut off.
    long_ago = parts.clock.now() - 60
    parts.group_store.create(
        Group(
            group_id=ids.new_id(),
            hosts=("web-1",),
            what=What.IOSTAT,
            window=Window(1, 1),
            owner="root",
            created_at=long_ago,
            start_by=long_ago + 600,
            expires_at=int(long_ago) + 86_400,
        )
    )
    used = listen()
    parts.sweeper.sweep()
    assert used | OF_LAMBDA == granted("sweep")


def test_a_worker_without_a_name_uses_what_it_is_granted() -> None:
    functions: Used = set()
    for version in WORKERS:
        submit(1, version)
        functions |= granted(WORKERS[version][0]) - OF_LAMBDA - of_mapping(version)
    used = listen()
    for queue in parts.receivers.values():
        (message,) = queue.receive(10, 0)
        queue.put_back(message)
        (message,) = queue.receive(10, 0)
        queue.acknowledge([message])
    parts.host_store.attend("a worker", 1, kept_until=2)
    assert used | functions == granted("shared-worker")
