"""An evaluator of IAM's policies: what a policy allows, with the conditions that ours use.

No emulator of AWS evaluates them. From IAM's user guide, "Policy evaluation logic" and "Condition
operators", and DynamoDB's developer guide, "Using IAM policy conditions".
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_VARIABLE = re.compile(r"\$\{([^}]+)\}")

#: The operators, each with what it says of one value that was asked with and one of the policy.
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda asked, wanted: asked == wanted,
    "StringLike": lambda asked, wanted: _like(asked, wanted),
    "ArnEquals": lambda asked, wanted: _like(asked, wanted),
    "StringNotEquals": lambda asked, wanted: asked == wanted,
    "StringNotLike": lambda asked, wanted: _like(asked, wanted),
}


@dataclasses.dataclass(frozen=True)
class Call:
    """A request, as IAM sees it."""

    action: str
    resource: str
    #: The values of each condition key that the request has.
    context: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


def allows(policy: Mapping[str, Any], call: Call, who: Mapping[str, str]) -> bool:
    """Tell whether a policy allows a request; `who` are the condition keys of who asks."""
    asked = {**{key: (value,) for key, value in who.items()}, **call.context}
    effects = {it["Effect"] for it in policy["Statement"] if _applies(it, call, asked)}
    return effects == {"Allow"}


def _applies(statement: Mapping[str, Any], call: Call, asked: Mapping[str, Any]) -> bool:
    return (
        any(_like(call.action.lower(), it.lower()) for it in _many(statement["Action"]))
        and any(_like(call.resource, it) for it in _filled(_many(statement["Resource"]), asked))
        and all(
            _holds(operator, asked.get(key), _filled(_many(wanted), asked))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _holds(operator: str, values: tuple[str, ...] | None, wanted: list[str]) -> bool:
    """Tell whether a condition holds for the values of a key; None if the request has no such."""
    if operator == "Null":
        return (values is None) == (wanted == ["true"])
    quantifier, _, name = operator.rpartition(":")
    negated = "Not" in name
    found = [any(_OPERATORS[name](it, one) for one in wanted) != negated for it in values or ()]
    match quantifier:
        case "ForAllValues":
            # So it is also where there are no values at all.
            return all(found)
        case "ForAnyValue":
            return any(found)
    return negated if values is None else all(found)


def _filled(texts: Iterable[str], asked: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Put in the values of variables. A text with a variable that has no value matches nothing."""
    known = [it for it in texts if all(name in asked for name in _VARIABLE.findall(it))]
    return [_VARIABLE.sub(lambda found: asked[found[1]][0], it) for it in known]


def _like(text: str, pattern: str) -> bool:
    """Tell whether a text fits a pattern, in which ``*`` is any text and ``?`` any character."""
    parts = {"*": ".*", "?": "."}
    regex = "".join(parts.get(it) or re.escape(it) for it in pattern)
    return re.fullmatch(regex, text, re.DOTALL) is not None


def _many(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
