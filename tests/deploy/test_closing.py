"""``OPEN=off``: v1 and v2 are closed by the gateway, v3 and the health are not."""

import copy
import fnmatch
from typing import Any

import pytest

import app
from deploy import closing
from deploy.package import Failed

VERBS = ("GET", "POST", "DELETE")


def refused(template: Any, verb: str, path: str) -> bool:
    """Tell whether the policy of the API refuses a request, as AWS evaluates it."""
    body = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    asked = f"execute-api:/api/{verb}{path}"
    effects = {
        statement["Effect"]
        for statement in body["x-amazon-apigateway-policy"]["Statement"]
        for resource in statement["Resource"]
        if fnmatch.fnmatchcase(asked, resource)
    }
    return effects != {"Allow"}


@pytest.fixture
def changed(template: Any) -> Any:
    return copy.deepcopy(template)


@pytest.mark.parametrize("path", sorted(app.app.routes))
def test_off_closes_what_has_no_login_and_nothing_else(changed: Any, path: str) -> None:
    closing.write_policy(changed, opened=False)
    without_login = path.startswith(("/v1", "/v2"))
    assert {refused(changed, verb, path) for verb in VERBS} == {without_login}


@pytest.mark.parametrize("path", sorted(app.app.routes))
def test_on_closes_nothing(changed: Any, path: str) -> None:
    closing.write_policy(changed, opened=True)
    assert not any(refused(changed, verb, path) for verb in VERBS)


def test_each_gives_the_api_another_description_and_so_a_deployment(template: Any) -> None:
    bodies = []
    for opened in (True, False):
        changed = copy.deepcopy(template)
        closing.write_policy(changed, opened=opened)
        bodies.append(str(changed["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]))
    assert bodies[0] != bodies[1]


@pytest.mark.parametrize("opened", [True, False])
def test_a_policy_of_the_stage_itself_stays(changed: Any, opened: bool) -> None:
    body = changed["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    own = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": ["execute-api:/*/*/v3*"]}
    body["x-amazon-apigateway-policy"] = {"Version": "2012-10-17", "Statement": [own]}
    closing.write_policy(changed, opened=opened)
    assert own in body["x-amazon-apigateway-policy"]["Statement"]
    assert refused(changed, "GET", "/v3/task")
    assert refused(changed, "GET", "/v2/task/x")


@pytest.mark.parametrize(
    ("given", "stored", "opened"),
    [
        ({}, {}, True),
        ({}, {"Open": "off"}, False),
        ({}, {"Open": "on"}, True),
        ({"Open": "off"}, {"Open": "on"}, False),
        ({"Open": "on"}, {"Open": "off"}, True),
    ],
)
def test_what_is_closed_stays_closed_until_somebody_opens_it(
    given: dict[str, str], stored: dict[str, str], opened: bool
) -> None:
    assert closing.is_open(given, stored) is opened


@pytest.mark.parametrize("asked", ["", "yes", "OFF"])
def test_another_word_is_refused(asked: str) -> None:
    with pytest.raises(Failed, match=f"OPEN must be on or off, not '{asked}'"):
        closing.is_open({"Open": asked}, {})
