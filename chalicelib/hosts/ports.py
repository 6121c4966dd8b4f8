"""What the registry needs: a table and queues. `aws` has the real ones, the tests have fakes."""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.hosts.model import Heartbeat, Host


class Refused(Exception):
    """The condition of a write was not met. `old` is the stored row, None if there is none."""

    def __init__(self, old: Host | None) -> None:
        super().__init__(f"refused; the stored row is {old}")
        self.old = old


class HostStore(Protocol):
    """Where hosts are stored. Every write has a condition; every method may raise Outage."""

    def get(self, name: str) -> Host | None:
        """Give the row of a name, also of a host that was removed; None if there is none.

        The read sees every write that ended before it.
        """

    def get_many(self, names: Sequence[str], *, fresh: bool = True) -> list[Host]:
        """Give the rows of these names that exist, in any order, read as by `get`.

        Those that are not `fresh` may be as they were a moment ago; they cost half as much.
        """

    def names(self, after: str, most: int) -> list[str]:
        """Give at most `most` names of hosts that follow `after`, in their order, by bytes.

        They are as they were a moment ago.
        """

    def add(self, name: str, at: float, *, free_if_removed_by: float) -> Host:
        """Store a new host, and give it.

        Raises Refused if there is one of that name, or one was removed later than
        `free_if_removed_by`.
        """

    def remove(self, name: str, at: float, *, kept_until: float) -> None:
        """Turn a host into the mark of its removal, which is kept until then.

        Raises Refused if there is no such host.
        """

    def beat(
        self, name: str, session: str, heartbeat: Heartbeat, at: float, *, lapsed_by: float
    ) -> None:
        """Write a heartbeat, seen at the time `at`, and take the name for `session`.

        Raises Refused if there is no such host, or if another session has the name, has not said
        goodbye, and was seen later than `lapsed_by`.
        """

    def look(self, name: str, at: float) -> None:
        """Note that the queue of a host has not answered its worker.

        Raises Refused if there is no such host. It is a write, because the credentials of a host
        let it read nothing.
        """

    def contend(self, name: str, session: str, node: str, at: float) -> None:
        """Note that another session, on `node`, wants a name. Raises Refused if none has it."""

    def leave(self, name: str, session: str, at: float) -> None:
        """Note that the session that has the name says goodbye. Raises Refused if it has it not."""

    def attend(self, worker: str, at: float, *, kept_until: float) -> None:
        """Note that a worker, which may have no name, was seen at the time `at`.

        `worker` is an id of it. What is noted is kept until then.
        """

    def attending(self, most: int) -> list[Host]:
        """Give the rows of at most `most` such workers; only `seen_at` is in them."""


class HostQueues(Protocol):
    """The queues of hosts, one each. Every method may raise Outage."""

    def make(self, name: str) -> None:
        """Make the queue of a host. One that is there stays as it is."""

    def delete(self, name: str) -> None:
        """Delete the queue of a host, if there is one."""
