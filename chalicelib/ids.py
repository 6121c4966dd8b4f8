"""Ids, tokens and revisions: each one is new, and nobody can guess it."""

import uuid


def new_id() -> str:
    """Give an id that nothing else has."""
    return str(uuid.uuid4())
