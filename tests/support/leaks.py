"""A search for secrets in all that hoststat answered, logged and stored while the tests ran.

Every password in the tests begins with `WORD`, so that we find it wherever it is.
"""

import base64

WORD = "secret "

#: The texts to search: answers, lines of the log, bodies of messages, items of tables.
_said: list[str] = []


def hear(said: object) -> None:
    """Remember a text until the end of the tests."""
    _said.append(str(said))


def found() -> list[str]:
    """Give the remembered texts that contain a secret."""
    return [said for said in _said if is_secret(said)]


def is_secret(said: str) -> bool:
    """Tell whether a text contains a hash, or a password: plain, or as in a login or a form."""
    encoded = (
        # In base64 the letters depend on the bytes before the word: there are three cases. The
        # outer letters depend on the bytes beside it, so we leave them out.
        base64.b64encode(b" " * shift + WORD.encode())[shift + (shift > 0) : -4].decode()
        for shift in range(3)
    )
    forms = (f"{WORD.strip()}+", f"{WORD.strip()}%20")
    return any(it in said for it in (WORD, "$argon2", *forms, *encoded))
