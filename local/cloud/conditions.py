"""Conditions of DynamoDB: moto parses each text once, and what it means is remembered.

Every function here raises an exception for an expression that it does not know to the last letter.
Values are marks, such as ``:state``, until an expression is asked for an item.
"""

import functools
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from moto.dynamodb import comparisons
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.parsing.key_condition_expression import parse_expression

from local.cloud.answers import Unusual

#: The attributes of an item, and the values of a request, by name.
Attributes = Mapping[str, DynamoType]
Values = Mapping[str, DynamoType]
#: Pairs of a #name and the attribute that it stands for.
Names = tuple[tuple[str, str], ...]
#: Schema of a table or an index: the attributes of its keys.
Schema = tuple[str, str]

_Read = Callable[[Attributes, Values], Any]
REMEMBERED = 1024
_MARK = re.compile(r":\w+")

_EQUALITY: dict[type, Callable[[Any, Any], Any]] = {
    comparisons.OpEqual: operator.eq,
    comparisons.OpNotEqual: operator.ne,
}
_ORDER: dict[type, Callable[[Any, Any], Any]] = {
    comparisons.OpLessThan: operator.lt,
    comparisons.OpLessThanOrEqual: operator.le,
    comparisons.OpGreaterThan: operator.gt,
    comparisons.OpGreaterThanOrEqual: operator.ge,
}


class Rule(NamedTuple):
    """A condition: whether it holds for an item, and the #names and :marks that it uses."""

    holds: _Read
    names: frozenset[str]
    marks: frozenset[str]


ALWAYS = Rule(lambda attributes, values: True, frozenset(), frozenset())


@functools.lru_cache(REMEMBERED)
def condition(text: str, names: Names) -> Rule:
    """Give the rule of a condition."""
    parser = comparisons.ConditionExpressionParser(text, dict(names), _as_texts(text))
    holds = _condition(parser.parse())
    used = frozenset(name for name in parser.expr_attr_names_found if name.startswith("#"))
    return Rule(holds, used, frozenset(parser.expr_attr_values_found))


def _as_texts(text: str) -> dict[str, dict[str, str]]:
    """Give every mark as its own value, so that what is parsed says where it belongs."""
    return {mark: {"S": mark} for mark in _MARK.findall(text)}


def _condition(node: Any) -> _Read:
    kind = type(node)
    if kind is comparisons.OpAnd:
        left, right = _condition(node.lhs), _condition(node.rhs)
        return lambda attributes, values: left(attributes, values) and right(attributes, values)
    if kind is comparisons.OpOr:
        left, right = _condition(node.lhs), _condition(node.rhs)
        return lambda attributes, values: left(attributes, values) or right(attributes, values)
    if kind is comparisons.OpNot:
        inner = _condition(node.lhs)
        return lambda attributes, values: not inner(attributes, values)
    if kind in _EQUALITY or kind in _ORDER:
        return _comparison(kind, _operand(node.lhs), _operand(node.rhs))
    return _function(kind, node)


def _comparison(kind: type, left: _Read, right: _Read) -> _Read:
    if kind in _EQUALITY:
        equal = _EQUALITY[kind]
        return lambda attributes, values: equal(left(attributes, values), right(attributes, values))
    compare = _ORDER[kind]

    def ordered(attributes: Attributes, values: Values) -> Any:
        first, second = left(attributes, values), right(attributes, values)
        return first is not None and second is not None and compare(first, second)

    return ordered


def _function(kind: type, node: Any) -> _Read:
    if kind is comparisons.FuncAttrExists:
        named = _kind(node.attr)
        return lambda attributes, values: named(attributes, values) is not None
    if kind is comparisons.FuncIn:
        one, others = _operand(node.attr), [_operand(it) for it in node.possible_values]
        return lambda attributes, values: any(
            one(attributes, values) == other(attributes, values) for other in others
        )
    if kind is comparisons.FuncBetween:
        low, read, high = _operand(node.start), _operand(node.attr), _operand(node.end)

        def between(attributes: Attributes, values: Values) -> Any:
            first, found, last = (it(attributes, values) for it in (low, read, high))
            return found is not None and first <= found <= last

        return between
    if kind is comparisons.FuncBeginsWith:
        return _text_function(node.attr, node.substr)
    raise Unusual


def _text_function(whole: Any, start: Any) -> _Read:
    read, begin, kinds = _operand(whole), _operand(start), (_kind(whole), _kind(start))

    def begins(attributes: Attributes, values: Values) -> Any:
        texts = all(kind(attributes, values) == "S" for kind in kinds)
        return texts and read(attributes, values).startswith(begin(attributes, values))

    return begins


def _operand(node: Any) -> _Read:
    """Read a value; None for an attribute that an item has not."""
    return _reader(node, lambda found: found.cast_value)


def _kind(node: Any) -> _Read:
    """Read the type of a value; None for an attribute that an item has not."""
    return _reader(node, lambda found: found.type)


def _reader(node: Any, part: Callable[[DynamoType], Any]) -> _Read:
    if type(node) is comparisons.AttributePath:
        name = _only(node.path)

        def read(attributes: Attributes, values: Values) -> Any:
            found = attributes.get(name)
            return None if found is None else part(found)

        return read
    if type(node) is comparisons.AttributeValue:
        mark = node.value
        return lambda attributes, values: part(values[mark])
    raise Unusual


def _only(path: list[Any]) -> str:
    (name,) = path
    return str(name)


class KeyRule(NamedTuple):
    """The condition of a query: a mark of its partition, and what is said of the other key."""

    partition: str
    comparison: str | None
    bounds: list[str]
    names: frozenset[str]
    marks: frozenset[str]


@functools.lru_cache(REMEMBERED)
def keys(text: str, names: Names, schema: Schema) -> KeyRule:
    """Give the rule of a query on a table or an index of two keys."""
    marks = _as_texts(text)
    wanted = [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(schema, ("HASH", "RANGE"), strict=True)
    ]
    (partition,), ranges, used = parse_expression(text, marks, dict(names), wanted)
    _, comparison, bounds = ranges[-1] if ranges else ("", None, [])
    found = [partition[1]["S"], *(bound["S"] for bound in bounds)]
    if marks.keys() != {*found}:
        raise Unusual
    return KeyRule(found[0], comparison, found[1:], frozenset(used), frozenset(found))
