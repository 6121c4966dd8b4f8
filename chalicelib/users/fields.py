"""The fields of a user in the body of a request, and the rule of each."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any

import msgspec

from chalicelib import errors
from chalicelib.users import model

#: The rule of each field. Its description ends the sentence of an error: "NAME must be ...".
RULES: dict[str, Any] = {
    "username": Annotated[
        str,
        msgspec.Meta(
            pattern=model.NAME,
            description="1 to 64 of A-Z a-z 0-9 . _ - beginning with a letter or a digit",
        ),
    ],
    "fullname": Annotated[
        str, msgspec.Meta(min_length=1, max_length=200, description="1 to 200 characters")
    ],
    "password": Annotated[
        str,
        msgspec.Meta(
            min_length=model.MIN_PASSWORD,
            max_length=model.MAX_PASSWORD,
            description=f"at least {model.MIN_PASSWORD} characters "
            f"and at most {model.MAX_PASSWORD} bytes of UTF-8",
        ),
    ],
    "admin": Annotated[
        bool, msgspec.Meta(description="true or false (in a form also 1 or 0, in any case)")
    ],
}


def read(
    given: Mapping[str, object], *, required: Collection[str] = (), form: bool = False
) -> dict[str, Any]:
    """Read the fields of a body by their rules; the values of a `form` are all strings.

    Raises Invalid, which names the field, for one that is missing, is unknown or breaks its rule.
    Raises Invalid for a body without fields, too.
    """
    unknown = [name for name in given if name not in RULES]
    if unknown:
        allowed = ", ".join(RULES)
        raise errors.Invalid.quoting("The body has ", unknown[0], f"; allowed here: {allowed}.")
    missing = [name for name in required if name not in given]
    if missing:
        raise errors.Invalid(f"The body lacks {', '.join(missing)}.")
    if not given:
        raise errors.Invalid(f"The body must have at least one of {', '.join(RULES)}.")
    return {name: _field(name, value, form) for name, value in given.items()}


def schemas() -> dict[str, dict[str, Any]]:
    """Give the rule of each field as a JSON Schema."""
    return {name: msgspec.json.schema(rule) for name, rule in RULES.items()}


def _field(name: str, value: object, form: bool) -> object:
    rule = RULES[name]
    try:
        field = msgspec.convert(value, rule, strict=not form)
        # JSON can spell lone surrogates, which no text may contain: encode() refuses them.
        length = len(field.encode()) if isinstance(field, str) else 0
    except ValueError as exc:
        raise _broken(name, value) from exc
    if name == "password" and length > model.MAX_PASSWORD:
        raise _broken(name, value)
    return field


def _broken(name: str, value: object) -> errors.Invalid:
    (meta,) = RULES[name].__metadata__
    # An error never repeats a password, not even one that is refused.
    if name == "password":
        return errors.Invalid(f"{name} must be {meta.description}.")
    return errors.Invalid.quoting(f"{name} must be {meta.description}, not ", value)
