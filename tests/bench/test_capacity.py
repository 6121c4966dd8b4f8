"""The units of DynamoDB that the benchmarks count, checked by AWS's rules and examples."""

import json
from typing import Any

import pytest

from bench import capacity
from local import stage

TEMPLATE = json.loads((stage.PROJECT / ".chalice" / "resources.json").read_text())
TASKS = capacity.tables(TEMPLATE, "dev")["hoststat-dev-tasks"]
REPORTS = capacity.tables(TEMPLATE, "dev")["hoststat-dev-reports"]
OPEN = {"task_id": {"S": "1"}, "open": {"S": "open-1"}, "due_at": {"N": "1060"}}
ENDED = {"task_id": {"S": "1"}}


def of(size: int) -> capacity.Item:
    """Make an item of that many bytes."""
    return {"a": {"S": "x" * (size - 1)}}


@pytest.mark.parametrize(
    ("typed", "size"),
    [
        ({"S": "shoesize"}, 8),
        ({"S": "ü"}, 2),
        ({"BOOL": True}, 1),
        ({"N": "0"}, 1),
        ({"N": "27"}, 2),
        ({"N": "-27.5"}, 3),
        ({"N": "1000000"}, 2),
        ({"L": [{"S": "ab"}, {"BOOL": True}]}, 3 + 2 + 2 + 1),
        ({"M": {"ab": {"S": "c"}}}, 3 + 1 + 2 + 1),
    ],
)
def test_an_attribute_is_as_long_as_its_name_and_its_value(
    typed: dict[str, Any], size: int
) -> None:
    assert capacity.size({"name": typed}) == len("name") + size


@pytest.mark.parametrize(
    ("operation", "asked", "answer", "units"),
    [
        ("GetItem", {"ConsistentRead": True}, {}, 1),
        ("GetItem", {"ConsistentRead": True}, {"Item": of(4096)}, 1),
        ("GetItem", {"ConsistentRead": True}, {"Item": of(4097)}, 2),
        ("GetItem", {}, {"Item": of(4097)}, 1),
        ("Query", {"ConsistentRead": True}, {"Items": [of(2048), of(2049)]}, 2),
        ("Query", {}, {"Items": []}, 0.5),
        (
            "BatchGetItem",
            {"RequestItems": {"t": {"Keys": [1, 2, 3], "ConsistentRead": True}}},
            {"Responses": {"t": [of(10), of(4097)]}},
            1 + 2 + 1,
        ),
    ],
)
def test_a_read_costs_a_unit_for_each_4_kb(
    operation: str, asked: dict[str, Any], answer: dict[str, Any], units: float
) -> None:
    assert capacity.used(operation, asked, answer, []) == (units, 0)


@pytest.mark.parametrize(
    ("table", "before", "after", "units"),
    [
        (REPORTS, {}, of(1024), 1),
        (REPORTS, of(1025), of(10), 2),
        (REPORTS, {}, {}, 1),
        (TASKS, {}, OPEN, 1 + 1),
        (TASKS, OPEN, {**OPEN, "done": {"N": "1"}}, 1),
        (TASKS, OPEN, {**OPEN, "due_at": {"N": "1120"}}, 1 + 2),
        (TASKS, OPEN, ENDED, 1 + 1),
    ],
    ids=["new", "smaller", "refused", "on an index", "stays there", "moves there", "leaves it"],
)
def test_a_write_costs_a_unit_for_each_1_kb_and_for_each_index(
    table: capacity.Table, before: capacity.Item, after: capacity.Item, units: int
) -> None:
    changes = [(table, before, after)]
    assert capacity.used("UpdateItem", {}, {}, changes) == (0, units)


def test_a_transaction_costs_twice_as_much() -> None:
    changes: list[capacity.Change] = [(REPORTS, {}, of(10)), (REPORTS, {}, of(10))]
    assert capacity.used("TransactWriteItems", {}, {}, changes) == (0, 4)


def test_an_operation_without_a_rule_is_an_error() -> None:
    with pytest.raises(ValueError, match="Scan"):
        capacity.used("Scan", {}, {}, [])
