"""The profile of a checkout, by which `hoststat` finds the service that runs there."""

import os
import sys
from pathlib import Path

from hoststat import profiles
from hoststat.errors import Failed
from hoststat.profiles import Kept, Profile
from local import stage

#: The name of the profile.
NAME = "local"


def keep(url: str, username: str, password: str) -> None:
    """Write the profile of the service at `url` into ``PROFILE``, or into the checkout.

    Without a username, as where the users were kept from an earlier run, the login that is in the
    file stays. A service runs without its profile, too: if that cannot be written, this says so.
    """
    given = os.environ.get("PROFILE", str(stage.PROJECT / profiles.CHECKOUT))
    if not given:
        return
    file = Path(given)
    try:
        before = profiles.load(file).profiles.get(NAME, Profile(url))
        profile = before._replace(url=url)
        if username:
            profile = profile._replace(user=username, password=password)
        profiles.save(file, Kept({NAME: profile}, NAME))
    except (Failed, OSError) as failed:
        print(f"hoststat: The profile {NAME} cannot be written: {failed}", file=sys.stderr)
