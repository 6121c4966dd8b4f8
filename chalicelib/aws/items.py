"""Items of DynamoDB, and how records become items."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args

#: An item, or a key, as DynamoDB writes it: each value with its type.
Item = dict[str, Any]
Record = TypeVar("Record")


def value(thing: object) -> dict[str, str | bool]:
    """Give a text, a boolean or a number as DynamoDB writes it."""
    if isinstance(thing, bool):
        return {"BOOL": thing}
    return {"S": str(thing)} if isinstance(thing, str) else {"N": repr(thing)}


def to_item(attributes: Mapping[str, object]) -> Item:
    """Give the item of these attributes, without those that are None."""
    return {name: value(thing) for name, thing in attributes.items() if thing is not None}


def ttl(expires_at: float) -> int:
    """Give when DynamoDB may delete an item: whole seconds since the epoch, never too early."""
    return math.ceil(expires_at)


def read(record: type[Record], item: Item, **given: object) -> Record:
    """Make a record, a named tuple, of an item and of the fields in `given`.

    Numbers get the type of their field. Attributes without a field are left out, and fields
    without an attribute get their default: another version of our code may have written the item.
    """
    numbers = _numbers(record)  # type: ignore[arg-type]  # It is hashable, as any class.
    stored = {
        name: numbers[name](raw) if kind == "N" else raw
        for name, typed in item.items()
        if name in numbers
        for kind, raw in typed.items()
        if kind != "NULL"
    }
    return record(**{**stored, **given})


def number(item: Item, name: str) -> int:
    """Give the whole number of that name in an item."""
    return int(item[name]["N"])


def flag(item: Item, name: str) -> bool:
    """Tell whether an item has a true boolean of that name."""
    return item.get(name) == {"BOOL": True}


@functools.cache
def _numbers(record: type) -> dict[str, Callable[[str], int | float]]:
    """Give what makes a number of a text, for each field of a record."""
    return {
        name: int if int in (get_args(kind) or (kind,)) else float
        for name, kind in record.__annotations__.items()
    }
