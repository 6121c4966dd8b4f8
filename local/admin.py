"""``make admin``: makes an admin, in the local cloud or in a deployed stage."""

import getpass
import os
import sys

from botocore.exceptions import BotoCoreError

from chalicelib import errors
from chalicelib.bootstrap import parts
from local import stage


class Refused(Exception):
    """The admin cannot be made; the message says why."""


def ask_password() -> str:
    """Give the password: the first line of standard input; on a terminal it is typed twice."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise Refused("The two passwords differ.")
    return password


def main() -> int:
    """Make the admin ``USERNAME``; give the exit code."""
    username = os.environ.get("USERNAME", "")
    try:
        stage.enter()
        if not username:
            raise Refused("Say who: make admin USERNAME=name")
        was_there = parts.users.make_admin(username, ask_password())
    except errors.Outage as outage:
        print(f"hoststat: {outage} {parts.settings.outage_hint}", file=sys.stderr)
        return 1
    except (Refused, errors.Invalid, BotoCoreError, ValueError) as refused:
        print(f"hoststat: {refused}", file=sys.stderr)
        return 1
    except (EOFError, KeyboardInterrupt):
        print("\nhoststat: No user was created.", file=sys.stderr)
        return 1
    else:
        what = "is an admin now, with that password" if was_there else "was made, an admin"
        print(f"{username} {what}; stage {os.environ['STAGE']}")
        return 0


if __name__ == "__main__":
    sys.exit(main())
