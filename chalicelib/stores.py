"""Builds the stores and the queues of a process: see `bootstrap`."""

from typing import TYPE_CHECKING, Any

from chalicelib.clients import Clients
from chalicelib.lazy import part

if TYPE_CHECKING:
    from chalicelib.aws.sqs import Queue, SqsHostQueues
    from chalicelib.hosts.ports import HostQueues, HostStore
    from chalicelib.tasks.ports import Dispatcher, GroupStore, Store
    from chalicelib.users.model import UserStore
    from chalicelib.users.throttle import TallyStore


class Stores(Clients):
    """The stores and the queues of a process, and what they need."""

    @part
    def task_store(self) -> "Store":
        """The tables of tasks, reports and idempotency keys."""
        from chalicelib.aws.task_store import DynamoTaskStore

        names = self.settings.name
        tables = {name: names(name) for name in ("tasks", "reports", "keys")}
        return DynamoTaskStore(self.dynamodb, **tables)

    @part
    def user_store(self) -> "UserStore":
        """The table of users."""
        from chalicelib.aws.user_store import DynamoUserStore

        return DynamoUserStore(self.dynamodb, self.settings.name("users"))

    @part
    def tally_store(self) -> "TallyStore":
        """The table of tallies of wrong logins."""
        from chalicelib.aws.user_store import DynamoTallyStore

        return DynamoTallyStore(self.dynamodb, self.settings.name("tallies"))

    @part
    def host_store(self) -> "HostStore":
        """The table of hosts."""
        from chalicelib.aws.host_store import DynamoHostStore

        return DynamoHostStore(self.dynamodb, self.settings.name("hosts"))

    @part
    def host_queues(self) -> "HostQueues":
        """The queues of hosts."""
        from chalicelib.aws.sqs import SqsHostQueues

        return SqsHostQueues(self.sqs, self.settings.name("host-"))

    @part
    def host_receivers(self) -> "SqsHostQueues":
        """The queues of hosts, with a client that waits for messages."""
        from chalicelib.aws.sqs import SqsHostQueues

        return SqsHostQueues(self.make_sqs(long_poll=True), self.settings.name("host-"))

    @part
    def group_store(self) -> "GroupStore":
        """The table of groups."""
        from chalicelib.aws.group_store import DynamoGroupStore

        names = self.settings.name
        return DynamoGroupStore(self.dynamodb, groups=names("groups"), keys=names("keys"))

    @part
    def dispatcher(self) -> "Dispatcher":
        """The queues of hints."""
        from chalicelib.aws.sqs import Queue, SqsDispatcher, SqsHostQueues

        queues, dead = self._queues(self.sqs), Queue(self.sqs, self.settings.name("dead"))
        return SqsDispatcher(queues, dead, SqsHostQueues(self.sqs, self.settings.name("host-")).of)

    @part
    def receivers(self) -> "dict[str, Queue]":
        """The queues of hints by the version of the API, with a client that waits for messages."""
        return self._queues(self.make_sqs(long_poll=True))

    def _queues(self, sqs: Any) -> "dict[str, Queue]":
        from chalicelib.aws.sqs import Queue
        from chalicelib.tasks.model import LOGIN_VERSION, OPEN_VERSION

        return {
            LOGIN_VERSION: Queue(sqs, self.settings.name("tasks")),
            OPEN_VERSION: Queue(sqs, self.settings.name("open-tasks")),
        }
