"""A host: a machine on which a worker runs under a name that was issued for it."""

import enum
import fnmatch
import re
from typing import NamedTuple

#: The names that a host may have: the same text is the end of its queue's name and a part of paths.
#: The last part forbids a newline at the end: in Python ``$`` matches before it.
NAME = r"^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$(?!\n)"
#: Names with ``*`` for any text and ``?`` for any character.
GLOB = r"^[a-z0-9*?-]{1,64}$(?!\n)"
#: Seconds after which a host that says nothing is offline.
ONLINE_SECONDS = 150
#: Seconds after which a worker that says nothing counts as gone: fewer, so that it shows soon.
ATTENDED_SECONDS = 110
#: Seconds after a removal in which its name cannot be used: SQS makes no queue that was deleted
#: less than 60 s ago.
FREE_AFTER = 65
#: The version of what workers write into their rows. It grows when old workers cannot be read.
PROTOCOL = 1

_NAME, _GLOB = re.compile(NAME), re.compile(GLOB)


class HostState(enum.StrEnum):
    """How a host is. It is computed when somebody looks."""

    #: It has never been seen.
    NEW = "new"
    #: Its worker was seen a moment ago.
    ONLINE = "online"
    #: Its worker says nothing any more.
    OFFLINE = "offline"
    #: Its worker has ended, and said so.
    LEFT = "left"


class Host(NamedTuple):
    """A host as it is stored. Times are in seconds since the epoch.

    The first three fields are the registry's, and a row without `added_at` is no host. All others
    come from the host's worker, which may say what it likes.
    """

    host: str
    added_at: float | None = None
    #: When it was removed. Its row stays for a while, so that its worker learns of it.
    removed_at: float | None = None
    #: When its worker was last seen, by the cloud's clock.
    seen_at: float | None = None
    #: When its worker said goodbye; None while one works.
    left_at: float | None = None
    #: Which machine, and which start of it, has the name.
    session: str | None = None
    #: The machine's node name, its system, and its CPUs.
    node: str | None = None
    system: str | None = None
    cpus: int | None = None
    #: What measures there: "iostat" or "procfs".
    source: str | None = None
    #: The version of hoststat there, and that of what it writes here.
    version: str | None = None
    protocol: int | None = None
    #: What ``uptime`` printed there.
    uptime: str | None = None
    #: Windows that are measured there.
    windows: int | None = None
    #: The device that was busiest since the heartbeat before, and the percentage of the time.
    busiest_device: str | None = None
    busiest_util: float | None = None
    #: Seconds that its clock is ahead of the cloud's; below 0 it is behind.
    clock_off_s: float | None = None
    #: A sentence that says why it takes no work.
    problem: str | None = None
    #: Whether it also takes the tasks that are for no host: 1 if it does.
    shares: int | None = None
    #: The node and the session of another machine that wants the same name, and when it last did.
    rival: str | None = None
    rival_session: str | None = None
    rival_at: float | None = None

    def is_there(self) -> bool:
        """Tell whether it is a host: it was added, and not removed since.

        A removal takes `added_at` away, and no worker can write it. `removed_at` proves nothing.
        """
        return self.added_at is not None

    def state(self, now: float) -> HostState:
        """Give how it is at the time `now`."""
        if self.seen_at is None:
            return HostState.NEW
        if self.left_at is not None:
            return HostState.LEFT
        return HostState.ONLINE if now < self.seen_at + ONLINE_SECONDS else HostState.OFFLINE

    def trouble(self, now: float) -> str | None:
        """Say in a sentence what somebody must do about it at the time `now`, if anything."""
        rivals = self.rival_at is not None and self.rival_session != self.session
        if rivals and now < (self.rival_at or 0) + ONLINE_SECONDS:
            return f"Two machines use this name: node {self.node} and node {self.rival}."
        if self.protocol is not None and self.protocol != PROTOCOL:
            return f"Its worker is of another version of hoststat, {self.version}: update it."
        return self.problem


class Heartbeat(NamedTuple):
    """What a worker writes into its row each minute: fields of `Host`, with the same names."""

    node: str
    system: str
    cpus: int | None
    source: str
    version: str
    uptime: str | None
    windows: int
    busiest_device: str | None = None
    busiest_util: float | None = None
    clock_off_s: float = 0
    problem: str | None = None
    shares: int | None = None
    protocol: int = PROTOCOL


def is_name(text: str) -> bool:
    """Tell whether a host may have that name."""
    return _NAME.match(text) is not None


def is_glob(text: str) -> bool:
    """Tell whether a text is a name, or one with ``*`` or ``?`` in it."""
    return _GLOB.match(text) is not None


def matches(name: str, glob: str) -> bool:
    """Tell whether a name fits a glob, in which only ``*`` and ``?`` mean something."""
    return fnmatch.fnmatchcase(name, glob)
