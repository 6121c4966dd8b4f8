"""Indexes are added to a table in turn: DynamoDB takes one at a time."""

import json
from typing import Any

from deploy import indexes
from local import stage

TEMPLATE = json.loads((stage.PROJECT / ".chalice" / "resources.json").read_text())
#: The indexes of the release before this one.
BEFORE = frozenset({"open", "listed"})


def names(template: Any, table: str = "Tasks") -> set[str]:
    found = template["Resources"][table]["Properties"].get("GlobalSecondaryIndexes", [])
    return {it["IndexName"] for it in found}


def test_each_step_adds_one_index_and_the_last_one_is_the_template() -> None:
    steps = list(indexes.in_turn(TEMPLATE, {"Tasks": BEFORE, "Reports": frozenset()}))
    assert [names(step) - BEFORE for step in steps] == [
        {"unended"},
        {"unended", "running"},
        {"unended", "running", "by_source"},
    ]
    assert steps[-1] == TEMPLATE


def test_each_step_defines_the_attributes_of_its_keys_and_no_others() -> None:
    for step in indexes.in_turn(TEMPLATE, {"Tasks": BEFORE}):
        table = step["Resources"]["Tasks"]["Properties"]
        keys = [*table["KeySchema"]]
        for index in table["GlobalSecondaryIndexes"]:
            keys += index["KeySchema"]
        defined = {it["AttributeName"] for it in table["AttributeDefinitions"]}
        assert defined == {it["AttributeName"] for it in keys}


def test_a_table_that_has_them_all_or_is_not_there_needs_one_step() -> None:
    for there in ({}, {"Tasks": frozenset(names(TEMPLATE))}):
        assert list(indexes.in_turn(TEMPLATE, there)) == [TEMPLATE]


def test_the_indexes_that_are_there_are_asked_for(cloud: Any) -> None:
    found = indexes.made(TEMPLATE, "dev")
    assert found["Tasks"] == names(TEMPLATE)
    assert found["Reports"] == frozenset()
    assert indexes.made(TEMPLATE, "nowhere") == {}
