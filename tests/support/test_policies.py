"""The evaluator of policies, held against what IAM's user guide says."""

from typing import Any

import pytest

from tests.support.policies import Call, allows

KEY = "dynamodb:LeadingKeys"


def policy(effect: str = "Allow", resource: str = "*", **condition: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "sqs:Get*", "Resource": resource}
    operators = {name.replace("_", ":"): keys for name, keys in condition.items()}
    return {"Statement": [statement | ({"Condition": operators} if operators else {})]}


def asked(*values: str, resource: str = "arn:aws:sqs:eu:1:q") -> Call:
    return Call("sqs:GetQueueUrl", resource, {KEY: values} if values else {})


def test_what_no_statement_allows_is_refused() -> None:
    assert allows(policy(), asked(), {})
    assert not allows(policy(), Call("sqs:SendMessage", "*"), {})
    assert not allows(policy(resource="arn:*:sqs:*:*:other"), asked(), {})


def test_a_denial_wins() -> None:
    both = {"Statement": [*policy()["Statement"], *policy("Deny")["Statement"]]}
    assert not allows(both, asked(), {})


@pytest.mark.parametrize(
    ("tags", "allowed"),
    [({"aws:PrincipalTag/name": "q"}, True), ({"aws:PrincipalTag/name": "p"}, False), ({}, False)],
)
def test_a_variable_without_a_value_matches_nothing(tags: dict[str, str], allowed: bool) -> None:
    assert allows(policy(resource="arn:*:*:${aws:PrincipalTag/name}"), asked(), tags) is allowed


@pytest.mark.parametrize(
    ("condition", "values", "allowed"),
    [
        ({"StringLike": {KEY: "a~*"}}, ("a~1",), True),
        ({"StringLike": {KEY: "a~*"}}, (), False),
        ({"StringNotEquals": {KEY: ["a", "b"]}}, ("b",), False),
        ({"StringNotEquals": {KEY: ["a", "b"]}}, ("c",), True),
        ({"StringNotEquals": {KEY: ["a", "b"]}}, (), True),
        ({"ForAllValues_StringLike": {KEY: "a~*"}}, ("a~1", "a~2"), True),
        ({"ForAllValues_StringLike": {KEY: "a~*"}}, ("a~1", "b~2"), False),
        ({"ForAllValues_StringLike": {KEY: "a~*"}}, (), True),
        ({"ForAnyValue_StringLike": {KEY: "a~*"}}, ("b~1", "a~2"), True),
        ({"ForAnyValue_StringLike": {KEY: "a~*"}}, (), False),
        ({"ForAllValues_StringNotEquals": {KEY: ["a", "b"]}}, ("c", "a"), False),
        ({"ForAllValues_StringNotEquals": {KEY: ["a", "b"]}}, ("c", "d"), True),
        ({"Null": {KEY: "false"}}, (), False),
        ({"Null": {KEY: "false"}}, ("a",), True),
        ({"Null": {KEY: "true"}}, (), True),
    ],
)
def test_conditions(condition: dict[str, Any], values: tuple[str, ...], allowed: bool) -> None:
    assert allows(policy(**condition), asked(*values), {}) is allowed
