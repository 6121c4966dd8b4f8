"""Which host this worker is, and which machine it runs on."""

import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from chalicelib.hosts import model
from local import supervision

_LONGEST = 32
#: The id of a container, as the paths of its files have it on the machine: Docker's and Podman's,
#: and that of a pod of Kubernetes.
_CONTAINER = re.compile(r"containers/([0-9a-f]{64})/|/pods/([0-9a-f-]{36})/")
#: What tells this machine from all others, and this start of it from all others.
_IDS = ("etc/machine-id", "proc/sys/kernel/random/boot_id")


class Name(NamedTuple):
    """Under which name a worker works."""

    #: None if it is no host.
    host: str | None
    #: Whether it takes the tasks that are for no host.
    shares: bool


def name_of(environ: Mapping[str, str], node: str) -> Name:
    """Give the name in ``HOST``. Raises ValueError if it cannot be one.

    The worker of `make service` is a host also without it: it is named after the machine's `node`.
    """
    given = environ.get("HOST", "")
    if given and not model.is_name(given):
        raise ValueError(
            "HOST must be 1 to 32 of a-z 0-9 -, with a letter or digit first and last, and at "
            f"least one letter, not {given!r}"
        )
    if supervision.LIFELINE in sys.argv:
        return Name(given or of_machine(node), shares=True)
    return Name(given or None, shares=not given)


def of_machine(node: str) -> str:
    """Make a name of a machine's node name."""
    label = re.sub("[^a-z0-9]", "-", node.partition(".")[0].lower())
    if not re.search("[a-z]", label):
        label = f"host-{label}"
    return label[:_LONGEST].strip("-")


def session(environ: Mapping[str, str], node: str, root: Path = Path("/")) -> str:
    """Give an id of this machine in its present start, or of this container.

    A worker that is started again on it has the same, one on a clone has another. ``HOST_SESSION``
    sets it. `root` has /proc and /etc in it.
    """
    if given := environ.get("HOST_SESSION"):
        return given
    ids = [node, *(_read(root / it) for it in _IDS)]
    if found := _CONTAINER.search(_read(root / "proc" / "self" / "mountinfo")):
        ids.append(found[1] or found[2])
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]


def _read(path: Path) -> str:
    """Read a file; one that is not there, as on macOS, says nothing."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
