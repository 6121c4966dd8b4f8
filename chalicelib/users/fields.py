"""What a body says of a user, field by field."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any

import msgspec

from chalicelib import errors
from chalicelib.users import model as users

#: The fields, and what is allowed of each: the description ends the sentence of an error.
RULES: dict[str, Any] = {
    "username": Annotated[
        str,
        msgspec.Meta(
            pattern=users.NAME,
            description="1 to 64 of A-Z a-z 0-9 . _ - beginning with a letter or a digit",
        ),
    ],
    "fullname": Annotated[
        str, msgspec.Meta(min_length=1, max_length=200, description="1 to 200 characters")
    ],
    "password": Annotated[
        str,
        msgspec.Meta(
            min_length=users.MIN_PASSWORD,
            max_length=users.MAX_PASSWORD,
            description=f"at least {users.MIN_PASSWORD} characters "
            f"and at most {users.MAX_PASSWORD} bytes of UTF-8",
        ),
    ],
    "admin": Annotated[
        bool, msgspec.Meta(description="true or false (in a form also 1 or 0, in any case)")
    ],
}
#: What a whole user needs; `admin` is false where it is not given.
REQUIRED = ("username", "fullname", "password")


def read(given: Mapping[str, object], *, required: Collection[str], form: bool) -> dict[str, Any]:
    """The fields that are `given`, by the rules; of a form, whose values are all strings.

    Raises Invalid for one that is missing or breaks its rule, and where there is none at all.
    """
    missing = [name for name in required if name not in given]
    if missing:
        raise errors.Invalid(f"The body lacks {', '.join(missing)}.")
    if not given:
        raise errors.Invalid(f"The body must have one of {', '.join(RULES)} at least.")
    return {name: _field(name, value, form) for name, value in given.items()}


def _field(name: str, value: object, form: bool) -> object:
    rule = RULES[name]
    try:
        field = msgspec.convert(value, rule, strict=not form)
        # JSON can spell halves of characters, which no text has.
        long = isinstance(field, str) and len(field.encode())
    except ValueError as exc:
        raise _broken(name, value) from exc
    if name == "password" and long > users.MAX_PASSWORD:
        raise _broken(name, value)
    return field


def _broken(name: str, value: object) -> errors.Invalid:
    (meta,) = RULES[name].__metadata__
    # A password stays unsaid, even one that nobody can have.
    but = "" if name == "password" else f", not {errors.shorten(value)}"
    return errors.Invalid(f"{name} must be {meta.description}{but}.")
