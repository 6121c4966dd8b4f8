"""``make admin``: makes an admin, of the local cloud or of a deployed stage."""

import getpass
import os
import sys

from botocore.exceptions import BotoCoreError

from chalicelib import bootstrap, errors
from chalicelib.users import fields
from local import stage


class Refused(Exception):
    """It cannot be done so; the message says why."""


def ask_password() -> str:
    """The first line of standard input, or what is typed twice where that is a terminal."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise Refused("The two passwords differ.")
    return password


def make(username: str, password: str) -> bool:
    """Make an admin of that name in the stage of the environment; whether there was such a user.

    Raises Invalid, Outage.
    """
    given = {"username": username, "password": password}
    fields.read(given, required=given, form=False)
    return bootstrap.directory().make_admin(username, password)


def main() -> int:
    """Make the admin ``USERNAME``; give the exit code."""
    username = os.environ.get("USERNAME", "")
    try:
        stage.enter()
        if not username:
            raise Refused("Say who: make admin USERNAME=name")
        was_there = make(username, ask_password())
    except errors.Outage as outage:
        print(f"hoststat: {outage} {bootstrap.settings().outage_hint}", file=sys.stderr)
        return 1
    except (Refused, errors.Invalid, BotoCoreError, ValueError) as refused:
        print(f"hoststat: {refused}", file=sys.stderr)
        return 1
    except (EOFError, KeyboardInterrupt):
        print("\nhoststat: Nobody was made.", file=sys.stderr)
        return 1
    else:
        what = "is an admin now, with that password" if was_there else "was made, an admin"
        print(f"{username} {what}; stage {os.environ['STAGE']}")
        return 0


if __name__ == "__main__":
    sys.exit(main())
