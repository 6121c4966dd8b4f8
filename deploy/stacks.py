"""Stacks of CloudFormation: they are created, updated and deleted, and their events are printed."""

import json
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from deploy.package import Failed

#: Seconds between two looks at a stack, and the most that a change may take.
_LOOK, _PATIENCE = 2, 1800
_NOTHING = ("didn't contain changes", "No updates are to be performed")
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


def status(client: Any, name: str) -> str | None:
    """Give the status of a stack, None if there is no such stack."""
    try:
        stacks = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as exc:
        if "does not exist" not in str(exc):
            raise
        return None
    found: str = stacks[0]["StackStatus"]
    return found


def apply(
    client: Any,
    name: str,
    template: Mapping[str, Any],
    parameters: Mapping[str, str],
    url: str | None = None,
) -> bool:
    """Create or update a stack by its template. A long template must also be at `url`.

    Parameters that are not given stay as they are. Tells whether anything had to change. Raises
    Failed.
    """
    if status(client, name) == "ROLLBACK_COMPLETE":
        # A first try has failed. The stack is empty, but must be deleted before the next try.
        delete(client, name)
    exists = status(client, name) not in (None, "REVIEW_IN_PROGRESS")
    change = client.create_change_set(
        StackName=name,
        ChangeSetName=f"deploy-{uuid.uuid4()}",
        ChangeSetType="UPDATE" if exists else "CREATE",
        Capabilities=_CAPABILITIES,
        Parameters=_parameters(client, name if exists else None, template, parameters),
        **({"TemplateURL": url} if url else {"TemplateBody": json.dumps(template)}),
    )["Id"]
    found = _await_change(client, change)
    if found["Status"] == "FAILED":
        client.delete_change_set(ChangeSetName=change)
        if any(it in found.get("StatusReason", "") for it in _NOTHING):
            print(f"{name}: nothing to change", flush=True)
            return False
        raise Failed(f"{name}: {found.get('StatusReason')}")
    print(f"{name}: {'changing' if exists else 'making'} ...", flush=True)
    said = {event["EventId"] for event in _events(client, name)}
    client.execute_change_set(ChangeSetName=change)
    _await_stack(client, name, said, {"CREATE_COMPLETE", "UPDATE_COMPLETE"})
    return True


def delete(client: Any, name: str) -> None:
    """Delete a stack, if there is one. Raises Failed."""
    if status(client, name) is None:
        print(f"{name}: not there", flush=True)
        return
    print(f"{name}: deleting ...", flush=True)
    said = {event["EventId"] for event in _events(client, name)}
    client.delete_stack(StackName=name)
    _await_stack(client, name, said, {"DELETE_COMPLETE", None})


def parameters(client: Any, name: str) -> dict[str, str]:
    """Give the parameters of a stack by name; none if there is no such stack."""
    if status(client, name) is None:
        return {}
    stack = client.describe_stacks(StackName=name)["Stacks"][0]
    return {it["ParameterKey"]: it["ParameterValue"] for it in stack.get("Parameters", [])}


def outputs(client: Any, name: str) -> dict[str, str]:
    """Give a stack's outputs by name."""
    stack = client.describe_stacks(StackName=name)["Stacks"][0]
    return {it["OutputKey"]: it["OutputValue"] for it in stack.get("Outputs", [])}


def _parameters(
    client: Any, name: str | None, template: Mapping[str, Any], given: Mapping[str, str]
) -> list[dict[str, Any]]:
    known = set()
    if name:
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
        known = {it["ParameterKey"] for it in stack.get("Parameters", [])}
    return [
        {"ParameterKey": key, "ParameterValue": given[key]}
        if key in given
        else {"ParameterKey": key, "UsePreviousValue": True}
        for key in template.get("Parameters", {})
        if key in given or key in known
    ]


def _await_change(client: Any, change: str) -> dict[str, Any]:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.describe_change_set(ChangeSetName=change)
        if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
            return found
        time.sleep(_LOOK)
    raise Failed("CloudFormation does not say what would change.")


def _await_stack(client: Any, name: str, said: set[str], good: Iterable[str | None]) -> None:
    """Wait for the end of a change, and print what happens to each resource meanwhile.

    `said` are the ids of earlier events. A status counts only after a new event, since the status
    before that may be an old one.
    """
    deadline = time.monotonic() + _PATIENCE
    begun = False
    while time.monotonic() < deadline:
        now = status(client, name)
        begun = _say(client, name, said) or begun
        if now in good and (begun or now is None):
            return
        if now and begun and not now.endswith("_IN_PROGRESS") and now not in good:
            raise Failed(f"{name} is {now}; the lines above say why")
        time.sleep(_LOOK)
    raise Failed(f"{name} takes more than {_PATIENCE} s")


def _say(client: Any, name: str, said: set[str]) -> bool:
    """Print the new events of a stack, and tell whether there were any."""
    new = [event for event in reversed(_events(client, name)) if event["EventId"] not in said]
    for event in new:
        said.add(event["EventId"])
        if event["ResourceStatus"].endswith(("_COMPLETE", "_FAILED")):
            why = event.get("ResourceStatusReason") or ""
            line = f"  {event['ResourceStatus']:16} {event['LogicalResourceId']} {why}"
            print(line.rstrip(), flush=True)
    return bool(new)


def _events(client: Any, name: str) -> list[dict[str, Any]]:
    """Give the events of a stack, the newest first; none if there is no such stack."""
    try:
        found: list[dict[str, Any]] = client.describe_stack_events(StackName=name)["StackEvents"]
    except ClientError as exc:
        if "does not exist" not in str(exc):
            raise
        return []
    return found
