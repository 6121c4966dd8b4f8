"""What the registry needs: a table and queues. `aws` has the real ones, the tests have fakes."""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.hosts.model import Host


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

    def get_many(self, names: Sequence[str]) -> list[Host]:
        """Give the rows of these names that exist, in any order, read as by `get`."""

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


class HostQueues(Protocol):
    """The queues of hosts, one each. Every method may raise Outage."""

    def make(self, name: str) -> None:
        """Make the queue of a host. One that is there stays as it is."""

    def delete(self, name: str) -> None:
        """Delete the queue of a host, if there is one."""
