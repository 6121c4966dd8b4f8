"""Indexes: a table that is there already gets new ones in turn."""

import copy
from collections.abc import Iterator, Mapping, Set
from typing import Any

import boto3
from botocore.exceptions import ClientError

_TABLE = "AWS::DynamoDB::Table"


def made(template: Mapping[str, Any], stage: str) -> dict[str, frozenset[str]]:
    """Give the names of the indexes that each table of a template has by now, by its logical id.

    Tables that are not there are left out.
    """
    client = boto3.client("dynamodb")
    found = {}
    for key, table in _tables(template):
        name = table["TableName"]["Fn::Sub"].replace("${Stage}", stage)
        try:
            described = client.describe_table(TableName=name)["Table"]
        except ClientError as exc:
            if exc.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
        else:
            indexes = described.get("GlobalSecondaryIndexes", [])
            found[key] = frozenset(it["IndexName"] for it in indexes)
    return found


def in_turn(template: dict[str, Any], there: Mapping[str, Set[str]]) -> Iterator[dict[str, Any]]:
    """Give the templates to apply one after the other, the last of which is `template`.

    Each adds one index at most to every table that is there already.
    """
    missing = {
        key: [it["IndexName"] for it in _indexes(table) if it["IndexName"] not in there[key]]
        for key, table in _tables(template)
        if key in there
    }
    for left in range(max(map(len, missing.values()), default=0) - 1, 0, -1):
        yield _without(template, {key: set(names[-left:]) for key, names in missing.items()})
    yield template


def _without(template: dict[str, Any], names: Mapping[str, Set[str]]) -> dict[str, Any]:
    """Give a template without these indexes, and without attributes that only they have."""
    step = copy.deepcopy(template)
    for key, table in _tables(step):
        if key not in names:
            continue
        kept = [it for it in _indexes(table) if it["IndexName"] not in names[key]]
        table["GlobalSecondaryIndexes"] = kept
        keys = [*table["KeySchema"], *(it for index in kept for it in index["KeySchema"])]
        used = {it["AttributeName"] for it in keys}
        table["AttributeDefinitions"] = [
            it for it in table["AttributeDefinitions"] if it["AttributeName"] in used
        ]
        if not kept:
            del table["GlobalSecondaryIndexes"]
    return step


def _tables(template: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, resource in template["Resources"].items():
        if resource["Type"] == _TABLE:
            yield key, resource["Properties"]


def _indexes(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.get("GlobalSecondaryIndexes", [])
    return found
