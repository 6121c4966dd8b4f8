"""What was said while the tests ran, and whether a secret was in it.

Every password in the tests begins with the word below, so that one is known wherever it turns up.
"""

import base64

WORD = "secret "

#: Answers, lines of the log, bodies of messages, items of tables.
_said: list[str] = []


def hear(said: object) -> None:
    """Keep what was said until the end of the tests."""
    _said.append(str(said))


def found() -> list[str]:
    """What had a secret in it."""
    return [said for said in _said if is_secret(said)]


def is_secret(said: str) -> bool:
    """Whether a password is in it, in plain or as a login sends it, or a hash."""
    encoded = (
        # Each byte that may stand before it shifts its letters; the outer ones depend on others.
        base64.b64encode(b" " * shift + WORD.encode())[shift + (shift > 0) : -4].decode()
        for shift in range(3)
    )
    forms = (f"{WORD.strip()}+", f"{WORD.strip()}%20")
    return any(it in said for it in (WORD, "$argon2", *forms, *encoded))
