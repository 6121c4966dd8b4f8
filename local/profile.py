"""The profile of a checkout, by which `hoststat` finds the service that runs there."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from hoststat import profiles
from hoststat.errors import Failed
from hoststat.profiles import Kept, Profile
from local import listening, stage

#: The name of the profile.
NAME = "local"


@contextlib.contextmanager
def kept(url: str, username: str, password: str) -> Iterator[Profile | None]:
    """Write the profile of the service at `url` into ``PROFILE``, or into the checkout.

    Gives the profile of another service that had it and still runs; None if there is none. That
    one gets it back when the context ends, unless a third has taken it. Without a username, as
    where the users were kept from an earlier run, the login that is in the file stays. A service
    runs without its profile, too: if that cannot be written, this says so.
    """
    given = os.environ.get("PROFILE", str(stage.PROJECT / profiles.CHECKOUT))
    other = None
    if given:
        with _saying_so():
            other = _take(Path(given), url, username, password)
    try:
        yield other
    finally:
        if other:
            with _saying_so():
                _give_back(Path(given), url, other)


def _take(file: Path, url: str, username: str, password: str) -> Profile | None:
    """Write our profile. Give the one that it replaces if its service runs elsewhere."""
    before = profiles.load(file).profiles.get(NAME, Profile(url))
    other = before if before.url != url and _runs(before) else None
    # The login of another service is none of ours.
    profile = (Profile(url) if other else before)._replace(url=url)
    if username:
        profile = profile._replace(user=username, password=password)
    _save(file, profile)
    return other


def _give_back(file: Path, url: str, other: Profile) -> None:
    ours = profiles.load(file).profiles.get(NAME)
    if ours and ours.url == url and _runs(other):
        _save(file, other)


def _save(file: Path, profile: Profile) -> None:
    profiles.save(file, Kept({NAME: profile}, NAME))


def _runs(other: Profile) -> bool:
    """Tell whether a service of this machine still listens where a profile says."""
    try:
        where = urlsplit(other.url)
        return where.hostname == stage.LOOPBACK and listening.answers(where.port or 80)
    except ValueError:
        # A person may have written anything into the file.
        return False


@contextlib.contextmanager
def _saying_so() -> Iterator[None]:
    try:
        yield
    except (Failed, OSError) as failed:
        print(f"hoststat: The profile {NAME} cannot be written: {failed}", file=sys.stderr)
