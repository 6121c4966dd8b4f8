"""Updates of DynamoDB: moto parses each text once, and what it does is remembered."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.parsing import ast_nodes
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]

from local.cloud.answers import Unusual
from local.cloud.conditions import REMEMBERED, Attributes, Values

#: moto says nothing of the types of these.
_ast: Any = ast_nodes

#: Gives what an attribute is set to, of an item's attributes, the request's names and its values.
_Read = Callable[[Attributes, Mapping[str, str], Values], DynamoType]


class Plan(NamedTuple):
    """An update that sets and removes whole attributes, and the names and marks that it uses."""

    sets: list[tuple[str, _Read]]
    removes: list[str]
    names: frozenset[str]
    marks: frozenset[str]


@functools.lru_cache(REMEMBERED)
def update(text: str) -> Plan:
    """Give the plan of an update."""
    tree = UpdateExpressionParser.make(text)
    for kind in (_ast.UpdateExpressionSetClause, _ast.UpdateExpressionRemoveClause):
        if len(tree.find_clauses([kind])) > 1:
            raise Unusual
    if tree.find_clauses([_ast.UpdateExpressionAddAction, _ast.UpdateExpressionDeleteAction]):
        raise Unusual
    sets = tree.find_clauses([_ast.UpdateExpressionSetAction])
    removes = tree.find_clauses([_ast.UpdateExpressionRemoveAction])
    names = tree.find_clauses([_ast.ExpressionAttributeName])
    marks = tree.find_clauses([_ast.ExpressionAttributeValue])
    return Plan(
        [(_name(it.children[0]), _value(it.children[1])) for it in sets],
        [_name(it.children[0]) for it in removes],
        frozenset(it.children[0] for it in names),
        frozenset(it.children[0] for it in marks),
    )


def _name(path: Any) -> str:
    (only,) = path.children
    if (
        type(path) is not _ast.UpdateExpressionPath
        or type(only) is not _ast.ExpressionAttributeName
    ):
        raise Unusual
    return str(only.children[0])


def _value(node: Any) -> _Read:
    if type(node) is _ast.UpdateExpressionValue:
        if len(node.children) == 1:
            return _value(node.children[0])
        left, sign, right = node.children
        first, second = _value(left), _value(right)
        if sign.children[0] == "+":
            return lambda *given: first(*given) + second(*given)
        return lambda *given: first(*given) - second(*given)
    if type(node) is _ast.ExpressionAttributeValue:
        mark = node.children[0]
        return lambda attributes, names, values: values[mark]
    if type(node) is _ast.UpdateExpressionPath:
        name = _name(node)
        return lambda attributes, names, values: attributes[names[name]]
    if type(node) is _ast.UpdateExpressionFunction and node.children[0] == "if_not_exists":
        path, other = _name(node.children[1]), _value(node.children[2])
        return lambda attributes, names, values: (
            attributes.get(names[path]) or other(attributes, names, values)
        )
    raise Unusual
