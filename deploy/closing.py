"""``OPEN=off``: a stage whose v1 and v2 are closed."""

from collections.abc import Mapping
from typing import Any

from deploy.package import Failed

#: The versions of the API that have no login.
_WITHOUT_LOGIN = ("v1", "v2")
_ALL = "execute-api:/*"
_EVERYBODY = {"Principal": "*", "Action": "execute-api:Invoke"}


def is_open(given: Mapping[str, str], stored: Mapping[str, str]) -> bool:
    """Tell whether v1 and v2 are to be open: as ``OPEN`` says, or else as they were.

    `given` are the parameters that somebody named, `stored` those of the stack. Raises Failed.
    """
    asked = given.get("Open", stored.get("Open", "on"))
    if asked not in ("on", "off"):
        raise Failed(f"OPEN must be on or off, not {asked!r}")
    return asked == "on"


def write_policy(template: dict[str, Any], *, opened: bool) -> None:
    """Say in a template whether the gateway lets requests of v1 and v2 through, or answers 403.

    It is written into the API's own description: only when that changes is there a new deployment
    of the API, and without one a policy has no effect. A policy that is there already, of a file
    that the stage names, stays.
    """
    paths = [f"{_ALL}/*/{it}{rest}" for it in _WITHOUT_LOGIN for rest in ("", "/*")]
    everything = {"Effect": "Allow", **_EVERYBODY, "Resource": [_ALL]}
    body = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    policy = body.setdefault(
        "x-amazon-apigateway-policy", {"Version": "2012-10-17", "Statement": [everything]}
    )
    if not opened:
        policy["Statement"].append({"Effect": "Deny", **_EVERYBODY, "Resource": paths})
